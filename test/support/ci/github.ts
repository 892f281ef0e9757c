/** Runs the `run` steps of a GitHub workflow as a runner does: one shell per step, and $GITHUB_ENV between them. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { registerHooks } from 'node:module'
import { parse } from 'yaml'
import type { Ran, Runner } from './runner.ts'

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
  readonly if?: string
}

interface Workflow {
  readonly env: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>
}

/** The condition of a step that also runs after a failure. */
const ALWAYS = /^\$\{\{ always\(\) && env\.(\w+) \}\}$/
/** Actions whose work `openRunner` has done. */
const ACTIONS = ['actions/checkout@v4', 'actions/setup-node@v4']

/** Returns what GitHub's own parser finds wrong with a workflow. */
export async function workflowProblems(content: string): Promise<string[]> {
  // The parser is written for bundlers: its imports of JSON lack the attribute that Node requires.
  const hooks = registerHooks({
    load: (url, context, next) =>
      next(url, url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context),
  })
  const { parseWorkflow, NoOperationTraceWriter } = await import('@actions/workflow-parser')
  hooks.deregister()
  const { context } = parseWorkflow({ name: 'workflow.yml', content }, new NoOperationTraceWriter())
  return context.errors.getErrors().map(({ message }) => message)
}

/** Returns the exit code of the first step that failed, or 0, and the output of all steps. */
export async function runJob(content: string, name: string, runner: Runner): Promise<Ran> {
  const { env, jobs } = parse(content) as Workflow
  const job = jobs[name] ?? assert.fail(`no job ${name}`)
  const files = { script: join(runner.home, 'step.sh'), env: join(runner.home, 'github-env') }
  const variables: Record<string, string> = { GITHUB_ENV: files.env, GITHUB_RUN_ID: '4711', GITHUB_RUN_ATTEMPT: '1' }
  for (const [key, value] of Object.entries(env)) {
    const [, from = ''] = /^\$\{\{ (?:vars|secrets)\.(\w+) \}\}$/.exec(value) ?? assert.fail(value)
    variables[key] = runner.env[from] ?? assert.fail(`no ${from}`)
  }
  rmSync(files.env, { force: true })
  let code = 0
  let output = ''
  for (const step of job.steps) {
    if (step.uses !== undefined) assert.ok(ACTIONS.includes(step.uses), step.uses)
    if (step.run === undefined || !isDue(step, code, variables)) continue
    writeFileSync(files.script, step.run)
    const ran = await runner.run('bash', ['-e', files.script], variables)
    output += `${step.name}: exit code ${ran.code}\n${ran.output}\n`
    code ||= ran.code
    Object.assign(variables, readEnv(files.env))
  }
  return { code, output }
}

function isDue(step: Step, code: number, variables: Readonly<Record<string, string>>): boolean {
  if (step.if === undefined) return code === 0
  const [, needed = ''] = ALWAYS.exec(step.if) ?? assert.fail(`unknown condition ${step.if}`)
  return (variables[needed] ?? '') !== ''
}

function readEnv(path: string): Record<string, string> {
  if (!existsSync(path)) return {}
  const lines = readFileSync(path, 'utf8').trim().split('\n')
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)))
}
