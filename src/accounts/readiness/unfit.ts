/** How programs inside a container report that it can never be lent: retrying does not help. */
import { BerthError, reasonOf } from '../../domain/errors.ts'
import type { BashResult } from '../../ports/guest.ts'

const MARK = 'berth-unfit:'
/** Exit code of a program that reported it. */
const UNFIT_CODE = 65
/** Exit codes of a shell or Docker for a program that is missing or cannot be run. */
const NOT_RUN_CODES = [126, 127]

/** Functions of bash that every program here needs. */
export const BASICS = `
has() { type -P -- "$1" >/dev/null; }
unfit() { printf '%s %s\\n' '${MARK}' "$*"; exit ${UNFIT_CODE}; }

# Reads from a pipe that stays empty, which costs less than a process that sleeps.
exec {never}<> <(:)
rest() { IFS= read -rt 0.02 -u "$never"; }
`

/** Throws `image_unfit` with the reason that a program reported, or if bash itself is missing. */
export function refuseUnfit({ code, output }: BashResult): void {
  const line = output.split('\n').findLast((each) => each.startsWith(MARK))
  if (code === UNFIT_CODE && line !== undefined) {
    throw new BerthError('image_unfit', reasonOf(line.slice(MARK.length)))
  }
  if (
    NOT_RUN_CODES.includes(code) &&
    (output.trim() === '' || /bash["']?:? .*(not found|no such file)/i.test(output))
  ) {
    throw new BerthError(
      'image_unfit',
      'the image has no bash, which Berth needs to create accounts: install the package bash',
    )
  }
}
