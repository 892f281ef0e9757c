/** Starts the proxies of deploy/ with the shipped files, in which only names, ports and paths are changed. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../lab/eventually.ts'
import { testTool } from './test-tools.ts'
import { ROOT } from './text/markdown.ts'

export interface ProxyOptions {
  /** Existing folder for its files. */
  readonly folder: string
  /** Folder of cert.pem and key.pem, for 127.0.0.1. */
  readonly certificates: string
  readonly httpPort: number
  readonly httpsPort: number
  readonly managerPort: number
}

export interface DeployedProxy {
  /** Returns what the proxy has written to stdout and stderr. */
  output(): string
  stop(): Promise<void>
}

/** Returns the file with the replacements. Fails if the file lacks one of the replaced texts. */
function adapt(file: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce(
    (text, [from, to]) => {
      assert.ok(text.includes(from), `${file} has no ${JSON.stringify(from)}`)
      return text.replaceAll(from, to)
    },
    readFileSync(join(ROOT, file), 'utf8'),
  )
}

export async function startNginx(options: ProxyOptions): Promise<DeployedProxy> {
  const { folder, certificates, httpPort, httpsPort, managerPort } = options
  const site = adapt('deploy/nginx/berth.conf', {
    'listen 443 ': `listen 127.0.0.1:${httpsPort} `,
    'listen 80;': `listen 127.0.0.1:${httpPort};`,
    '127.0.0.1:8080;\n  keepalive': `127.0.0.1:${managerPort};\n  keepalive`,
    'berth.example.org': '127.0.0.1',
    '/etc/ssl/berth/fullchain.pem': join(certificates, 'cert.pem'),
    '/etc/ssl/berth/privkey.pem': join(certificates, 'key.pem'),
    '/var/log/nginx/': `${folder}/`,
  })
  writeFileSync(join(folder, 'berth.conf'), site)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const main = `daemon off; master_process off; pid ${folder}/nginx.pid;
events {}
http { ${temporary.join(' ')} include ${folder}/berth.conf; }
`
  writeFileSync(join(folder, 'nginx.conf'), main)
  const args = ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')]
  return start(spawn(testTool('nginx'), args), options)
}

export async function startCaddy(options: ProxyOptions): Promise<DeployedProxy> {
  const { folder, certificates, httpPort, httpsPort, managerPort } = options
  const tls = `tls ${join(certificates, 'cert.pem')} ${join(certificates, 'key.pem')}`
  const caddyfile = adapt('deploy/caddy/Caddyfile', {
    '\n{\n': `\n{\n\tadmin off\n\thttp_port ${httpPort}\n\thttps_port ${httpsPort}\n`,
    '\nberth.example.org {\n': `\nberth.example.org {\n\t${tls}\n`,
    'reverse_proxy 127.0.0.1:8080': `reverse_proxy 127.0.0.1:${managerPort}`,
    'berth.example.org': '127.0.0.1',
  })
  const file = join(folder, 'Caddyfile')
  writeFileSync(file, caddyfile)
  const home = join(folder, 'home')
  mkdirSync(home)
  const env = { ...process.env, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home }
  return start(spawn(testTool('caddy'), ['run', '--config', file, '--adapter', 'caddyfile'], { env }), options)
}

async function start(child: ChildProcess, { httpPort }: ProxyOptions): Promise<DeployedProxy> {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'close')
  }
  try {
    await eventually(async () => {
      assert.equal(child.exitCode, null, output)
      return (await fetch(`http://127.0.0.1:${httpPort}/healthz`)).status === 403
    })
  } catch (error) {
    await stop()
    throw error
  }
  return { output: () => output, stop }
}
