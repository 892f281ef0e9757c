/** Gateways that are killed after the tests of a file. */
import { after } from 'node:test'
import { type GatewayProcess, startGateway } from '../../../lab/gateway.ts'

/** Call it at the top of a test file: the gateways that it starts are killed after the tests of the file. */
export function gatewayStarter(env: NodeJS.ProcessEnv): (host: string, ...args: string[]) => GatewayProcess {
  const gateways: GatewayProcess[] = []
  after(() => {
    for (const { child } of gateways) child.kill('SIGKILL')
  })
  return (host, ...args) => {
    const gateway = startGateway(env, host, ...args)
    gateways.push(gateway)
    return gateway
  }
}
