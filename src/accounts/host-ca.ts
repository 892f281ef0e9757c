/**
 * Signs host certificates of OpenSSH. Format: PROTOCOL.certkeys of OpenSSH, "ssh-ed25519-cert-v01@openssh.com"; numbers
 * are big-endian, strings begin with their length (RFC 4251, section 5).
 */
import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { HostCa, HostCertificateRequest } from '../ports/host-ca.ts'

const KEY_TYPE = 'ssh-ed25519'
const CERTIFICATE_TYPE = 'ssh-ed25519-cert-v01@openssh.com'
const SSH_CERT_TYPE_HOST = 2
const KEY_BYTES = 32
const NONCE_BYTES = 32
/** Precedes the 32 bytes of an ed25519 private key in PKCS #8 (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * Opens the certificate authority of a database. Its key is derived from the secret that the database's managers share,
 * so all of them sign with one key, and the file of that secret (mode 0600) is the only one to protect.
 */
export function openHostCa(secret: Uint8Array): HostCa {
  const seed = Buffer.from(hkdfSync('sha256', secret, '', 'berth host CA', KEY_BYTES))
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  const authority = publicKeyBlob(rawPublicKey(key))
  return {
    publicKey: `${KEY_TYPE} ${authority.toString('base64')}`,
    sign(request) {
      const unsigned = Buffer.concat([...fieldsOf(request), string(authority)])
      const signature = Buffer.concat([string(KEY_TYPE), string(sign(null, unsigned, key))])
      return `${CERTIFICATE_TYPE} ${Buffer.concat([unsigned, string(signature)]).toString('base64')}`
    },
  }
}

/** Returns the fields of a certificate before the key of the authority. */
function fieldsOf({ hostPublicKey, keyId, principals, validAfter, validBefore }: HostCertificateRequest): Buffer[] {
  const none = string('')
  return [
    string(CERTIFICATE_TYPE),
    string(randomBytes(NONCE_BYTES)),
    string(rawHostKey(hostPublicKey)),
    uint64(0),
    uint32(SSH_CERT_TYPE_HOST),
    string(keyId),
    string(Buffer.concat(principals.map(string))),
    uint64(Math.floor(validAfter / 1_000)),
    uint64(Math.ceil(validBefore / 1_000)),
    none, // critical options
    none, // extensions
    none, // reserved
  ]
}

/** Returns the 32 bytes of a key like "ssh-ed25519 AAAA…". */
function rawHostKey(line: string): Buffer {
  const blob = Buffer.from(line.split(' ')[1] ?? '', 'base64')
  const raw = blob.subarray(-KEY_BYTES)
  if (!blob.equals(publicKeyBlob(raw))) throw new TypeError('not an ed25519 key')
  return raw
}

function publicKeyBlob(raw: Uint8Array): Buffer {
  return Buffer.concat([string(KEY_TYPE), string(raw)])
}

function rawPublicKey(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES)
}

function string(content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content as Uint8Array)
  return Buffer.concat([uint32(bytes.length), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
