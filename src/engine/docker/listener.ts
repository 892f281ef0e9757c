/**
 * The other side of `images/listen`, which waits on the stdin of a container that nobody has. Asking it costs a small part of what
 * Docker takes for an exec, and no preparation: whoever manages the container next finds it waiting.
 */
import { randomBytes } from 'node:crypto'
import type { Account } from '../../core/account.ts'
import type { BashRequest, BashResult } from '../../core/ports.ts'
import type { Docker } from './connection.ts'
import type { Conversation } from './conversation.ts'
import { lookUp } from './lookup.ts'

/** On images of which the entrypoint starts `images/listen`; its value is the version of what they say to each other. */
const LABEL = 'berth.listens'
const VERSION = '2'
/**
 * Hearing takes two milliseconds where the host is not busy, and longer where many are asked at once. After the first of
 * these times, also in milliseconds, the container is looked at: it may be down. After the second, nobody is there.
 */
const USUAL_MS = 1_000
const HEARING_MS = 5_000

type Request = Omit<BashRequest, 'timeoutMs'>

/** By the labels of a container, which include those of its image. */
export function isListening(labels: Readonly<Record<string, string>>): boolean {
  return labels[LABEL] === VERSION
}

/**
 * In a conversation that nobody has said anything in yet, and closes it. null when nobody has heard it; whoever hears it later
 * is to be sent away.
 */
export async function ask(
  docker: Docker,
  id: string,
  request: Request,
  { conversation, signal }: { readonly conversation: Conversation; readonly signal: AbortSignal },
): Promise<BashResult | null> {
  const asked = randomBytes(8).toString('hex')
  try {
    conversation.say(worded(asked, request))
    const hears = (ms: number) =>
      conversation.find(new RegExp(`berth-begin ${asked}\n`), AbortSignal.any([signal, AbortSignal.timeout(ms)]))
    const heard = (await hears(USUAL_MS)) ?? ((await isRunning(docker, id, signal)) ? await hears(HEARING_MS) : null)
    signal.throwIfAborted()
    if (!heard) return null
    const end = await conversation.find(new RegExp(`berth-begin ${asked}\n([^]*)\nberth-end ${asked} (\\d+)\n`), signal)
    signal.throwIfAborted()
    const [, output = '', code] = end ?? []
    return { output, code: Number(code ?? 137) }
  } finally {
    conversation.close()
  }
}

/** As `images/listen` reads it. */
function worded(id: string, { program, free, account }: Request): string {
  const fields = account ? fieldsOf(account) : ''
  const sizes = `${Buffer.byteLength(fields)} ${Buffer.byteLength(program)}`
  // The first line feed ends what a manager that died in the middle of its own may have left there.
  return `\nberth-run ${id} ${sizes} ${free === 'ends' ? 'last' : 'more'}\n${fields}${program}`
}

function fieldsOf({ username, passwordHash, sudo, motd, sshKeys }: Account): string {
  return [username, passwordHash ?? '', sudo ? 'sudo' : '', motd, ...sshKeys].join('\0')
}

async function isRunning(docker: Docker, id: string, signal: AbortSignal): Promise<boolean> {
  return (await lookUp(docker, id, signal))?.State.Running === true
}
