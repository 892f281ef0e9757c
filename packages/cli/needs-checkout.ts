/**
 * Takes the place of every module of the manager in the client that is installed alone. Commands load such modules with
 * `import(…)` only when they need them. Importing this one throws.
 */
import { EXIT, Failure } from '../../src/cli/failures.ts'

throw new Failure(EXIT.usage, "this command works only on the manager's machine, with bin/berth of its checkout", {
  code: 'needs_checkout',
  advice: '`berth token` also works from here, if --url, BERTH_URL or the config file names a manager',
})
