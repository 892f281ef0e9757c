import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { engineVariables } from '../../../src/config/engine/engine-address.ts'
import { POOL, problems, read } from '../../support/config.ts'

const settings = (some: object = {}) => ({
  engine: 'kubernetes',
  auth: 'none',
  ssh: { tunnel: true },
  pools: { p: POOL },
  ...some,
})

describe('kubernetes of berth.yml', () => {
  it('has a namespace for each instance, and neither name servers nor gateways by default', () => {
    const { engine } = read(settings({ instance: 'lab' }), { HOME: '/home/ann' })
    const access = { kubeconfig: '/home/ann/.kube/config', context: null }
    assert.deepEqual(engine, { kind: 'kubernetes', ...access, namespace: 'berth-lab', nameservers: [], gateways: [] })
    assert.deepEqual(engineVariables(engine), { K8S_AUTH_KUBECONFIG: '/home/ann/.kube/config' })
  })

  it('is found by KUBECONFIG, otherwise in a pod by its service account', () => {
    const kubernetes = { context: 'west' }
    const named = read(settings({ kubernetes }), { KUBECONFIG: '/k', KUBERNETES_SERVICE_HOST: '10.0.0.1' }).engine
    assert.deepEqual(engineVariables(named), { K8S_AUTH_KUBECONFIG: '/k', K8S_AUTH_CONTEXT: 'west' })
    const inPod = read(settings(), { KUBERNETES_SERVICE_HOST: '10.0.0.1' }).engine
    assert.equal(inPod.kind === 'kubernetes' && inPod.kubeconfig, null)
    assert.deepEqual(engineVariables(inPod), {})
  })

  it('refuses what Kubernetes cannot have, and says what to do', () => {
    const refused = problems(
      settings({
        instance: 'lab-',
        kubernetes: { namespace: 'Lab', nameservers: ['here'], gateways: ['10.0.0.0/8', '10.0.0.1'] },
        pools: { 'p-': { ...POOL, prepare: 'play.yml', prepare_image: true } },
      }),
    ).join('\n')
    for (const part of [
      /^kubernetes\.namespace: must be/m,
      /^kubernetes\.nameservers: must be a list of IP addresses/m,
      /^kubernetes\.gateways: must be a list of blocks .*, but has "10\.0\.0\.1"$/m,
      /^instance: must not end with "-" with engine: kubernetes$/m,
      /^pools\.p-: the name must not end with "-"/m,
      /^pools\.p-\.prepare_image: requires engine: docker; build an image with the playbook/m,
    ])
      assert.match(refused, part)
  })

  it('leaves the namespaces of Kubernetes alone', () => {
    const refused = problems(settings({ kubernetes: { namespace: 'kube-system' } }))
    assert.deepEqual(refused, ['kubernetes.namespace: must not be kube-system: it belongs to Kubernetes itself'])
  })

  it('requires a way to the pods', () => {
    const [listen, alone, database] = ['0.0.0.0', true, 'postgres://berth@192.0.2.1/berth']
    assert.match(problems(settings({ ssh: {} })).join(), /^ssh: must have gateway, or tunnel: true, with engine/)
    assert.match(problems(settings({ ssh: { gateway: { listen, alone } } })).join(), /^ssh\.gateway\.alone: requires/)
    assert.deepEqual(problems(settings({ ssh: { gateway: { listen } } })), [])
    assert.deepEqual(problems(settings({ ssh: { gateway: { listen, alone } }, database })), [])
  })

  it('takes one kubeconfig, and is not for other engines', () => {
    assert.match(problems(settings(), { KUBECONFIG: '/a:/b' }).join(), /KUBECONFIG: must name one file/)
    assert.match(problems({ auth: 'none', kubernetes: {}, pools: { p: POOL } }).join(), /requires engine: kubernetes/)
  })
})
