/**
 * The job files in deploy/ci, on a machine like that of a CI system. GitHub's parser checks the workflow, and the test
 * runs its steps; gitlab-ci-local checks and runs the file for GitLab.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { testManager } from '../../lab/manager.ts'
import { pathWithRsync } from '../support/borrowed-rsync.ts'
import { runJob, workflowProblems } from '../support/ci/github.ts'
import { openRunner, type Ran } from '../support/ci/runner.ts'
import { testBerth } from '../support/manager/berth.ts'
import { readPage, ROOT } from '../support/text/markdown.ts'

const GITHUB = readPage('deploy/ci/github-actions.yml')
const GITLAB = readPage('deploy/ci/gitlab-ci.yml')
const GITLAB_CI_LOCAL = join(ROOT, 'node_modules/.bin/gitlab-ci-local')
const JOBS = ['one-command', 'several-steps']

const manager = await testManager('ci', { size: 2, top: { auth: 'tokens' } })
const admin = testBerth({ BERTH_URL: manager.url })
const runner = openRunner({ BERTH_URL: manager.url })
/** Folder of the rsync with which gitlab-ci-local copies the project. */
const rsync = join(runner.home, 'rsync')
await pathWithRsync(rsync)

before(async () => {
  const env = { BERTH_TOKEN: await manager.startWithToken() }
  // The token that the files name.
  const { stdout } = await admin.runWith({ env }, ...'token create --name ci --containers 4 --duration 1h'.split(' '))
  runner.env['BERTH_TOKEN'] = stdout.trim()
  writeFileSync(join(runner.project, '.gitlab-ci.yml'), GITLAB)
})

/** Returns the outcomes of the reservations of all jobs so far, latest first; null for one that has not ended. */
async function outcomes(): Promise<readonly (string | null)[]> {
  const { body } = await manager.get<{ reservations: { outcome: string | null }[] }>('/v1/reservations')
  return body.reservations.map(({ outcome }) => outcome)
}

const SYSTEMS: Readonly<Record<string, (job: string) => Promise<Ran>>> = {
  GitHub: (job) => runJob(GITHUB, job, runner),
  GitLab: (job) =>
    runner.run(process.execPath, [GITLAB_CI_LOCAL, '--force-shell-executor', '--no-color', job], {
      PATH: `${rsync}:${runner.env['PATH']}`,
    }),
}

describe('the job files in deploy/ci', () => {
  it('are valid: GitHub', async () => {
    assert.deepEqual(await workflowProblems(GITHUB), [])
    assert.notDeepEqual(await workflowProblems(GITHUB.replace('timeout-minutes', 'timeout')), [])
    assert.notDeepEqual(await workflowProblems(GITHUB.replace('always()', 'alwayz()')), [])
  })

  it('are valid: GitLab', async () => {
    const { code, output } = await runner.run(process.execPath, [GITLAB_CI_LOCAL, '--list-csv'])
    assert.equal(code, 0, output)
    for (const job of JOBS) assert.match(output, RegExp(`^${job};`, 'm'))
    writeFileSync(join(runner.project, 'flawed.yml'), GITLAB.replace('  script:', '  skript:'))
    const refused = await runner.run(process.execPath, [GITLAB_CI_LOCAL, '--list-csv', '--file', 'flawed.yml'])
    assert.notEqual(refused.code, 0, refused.output)
  })

  for (const [system, run] of Object.entries(SYSTEMS)) {
    it(`name the variable that is not set: ${system}`, async () => {
      const url = runner.env['BERTH_URL']
      runner.env['BERTH_URL'] = ''
      const { code, output } = await run('one-command')
      runner.env['BERTH_URL'] = url
      assert.notEqual(code, 0, output)
      assert.match(output, /BERTH_URL: set the variable BERTH_URL in the settings of the (repository|project)/)
    })

    it(`show why nothing was reserved, and no failed release: ${system}`, async () => {
      const token = runner.env['BERTH_TOKEN']
      runner.env['BERTH_TOKEN'] = 'wrong'
      const { code, output } = await run('several-steps')
      runner.env['BERTH_TOKEN'] = token
      assert.equal(code, system === 'GitHub' ? 4 : 1, output)
      assert.match(output, /malformed API token/)
      if (system === 'GitHub') assert.match(output, /^Release: exit code 0$/m)
    })

    for (const job of JOBS) {
      it(`test in fresh containers and release them: ${system}, ${job}`, async () => {
        runner.commitTest('echo "$(whoami) on $(hostname)"; git --version')
        await manager.untilReady()
        const earlier = await outcomes()
        const { code, output } = await run(job)
        assert.equal(code, 0, output)
        assert.match(output, RegExp(`user on ${manager.pool}-[12]\\n`))
        assert.doesNotMatch(output, /[Pp]assword/)
        assert.deepEqual(await outcomes(), ['released', ...earlier])
      })

      it(`fail if the test fails, and release the containers: ${system}, ${job}`, async () => {
        runner.commitTest('echo "no luck" >&2; exit 7')
        await manager.untilReady()
        const earlier = await outcomes()
        const { code, output } = await run(job)
        assert.notEqual(code, 0, output)
        assert.match(output, /no luck/)
        assert.deepEqual(await outcomes(), ['released', ...earlier])
      })
    }
  }
})
