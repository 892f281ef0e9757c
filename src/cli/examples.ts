/** Examples in the help of commands. A test checks that their commands and options exist. */

type Example = readonly [commandLine: string, about: string]

/** By command, as it is typed after `berth`. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  reserve: [
    ['berth reserve', "one container of the manager's first pool"],
    ['berth reserve --count 2 --for 2h --key ~/.ssh/id_ed25519.pub', 'two, to log in with your key'],
    ['berth reserve --user anna --for "90 min" --note "lab 7"', 'for another person, who gets the password'],
    ['berth reserve --name web --count 2', 'with a name: `berth ssh web`, `berth release web`'],
    ['berth reserve --wait 10m --keepalive 5m', 'wait in the queue; ends when a job dies'],
  ],
  reset: [
    ['berth reset alpine-1', 'asks, and waits until the fresh container can be used'],
    ['berth reset web-2 --yes', 'the second container of the reservation "web"'],
  ],
  run: [
    ["berth run -- 'uname -sr; whoami'", 'a command line for the remote shell'],
    ["tar cz . | berth run --wait 15m --timeout 20m -- 'tar xz && make test'", 'stdin is that of the command'],
    ['berth run --env CI=true --env TOKEN -- ./deploy', 'TOKEN has its value here'],
    ['berth run --count 3 -- hostname', 'in three containers at once'],
    ["berth run --hold 30m -- 'make test'", 'after a failure it stays for half an hour'],
  ],
  ssh: [
    ['berth ssh', 'log in to your only reservation'],
    ['berth ssh alpine-2 -- uname -a', 'run a command in a container'],
    ['berth ssh anna -o ForwardAgent=yes', 'by user name, with an option of ssh'],
  ],
  forward: [
    ['berth forward alpine-1 8000', 'localhost:8000 leads to port 8000 in alpine-1'],
    ['berth forward alpine-1 8080:80 5432', 'several ports; 8080 here is 80 there'],
  ],
  cp: [
    ['berth cp notes.txt alpine-1:', 'into the home folder'],
    ['berth cp src alpine-1:/tmp', 'a folder'],
    ['berth cp alpine-1:result.tar.gz .', 'out of the container'],
    ['berth cp a.txt b.txt :', 'into your only reservation'],
  ],
  code: [
    ['berth code alpine-1', 'open the home folder'],
    ['berth code alpine-1 /srv/app --print', 'print the address of a folder'],
  ],
  sync: [
    ['berth sync src/ alpine-1:src/', 'the contents of a folder'],
    ['berth sync alpine-1:results/ results/', 'back'],
    ['berth sync ./ alpine-1:app/ -- --delete --exclude .git', 'with options of rsync'],
  ],
  ls: [
    ['berth ls -o wide', 'a line for each container, with its login'],
    ['berth ls --everybody --pool alpine', 'of all owners (admins)'],
    ['berth ls --all --limit 10', 'also ended ones'],
  ],
  extend: [
    ['berth extend --by 30m', 'your only reservation'],
    ['berth extend anna ben --by "90 min"', 'by user name'],
    ['berth extend --note "lab 7" --to 18:30', 'all with this note, until a time of the clock'],
  ],
  release: [
    ['berth release', 'your only reservation'],
    ['berth release alpine-1 anna', 'by container and by user name'],
    ['berth release --all', 'all of yours'],
  ],
  keepalive: [
    ['berth keepalive job-1234', 'once, by the note'],
    ['berth keepalive job-1234 --every 1m &', 'until it is killed or the reservation ends'],
  ],
  events: [
    ['berth events -f', 'follow new events'],
    ['berth events --limit 100 --kind reservation.ended', 'of the past'],
    ['berth events --from 2026-11-24T18:00 --to 2026-11-24T19:00', 'of one hour'],
  ],
  usage: [
    ['berth usage --by username --csv', 'for a spreadsheet'],
    ['berth usage --from 2026-11-01 --by day', 'since a day'],
  ],
  'token create': [
    ['berth token create --name ci --containers 4 --duration 1h', 'with limits'],
    ['berth token create --name bob --expires 90d --pool alpine', 'expires, for one pool'],
  ],
  scale: [
    ['berth scale alpine 30', ''],
    ['berth scale alpine default', 'the size in berth.yml'],
  ],
}

/** Returns the examples of a command for its help; "" without any. */
export function examplesOf(command: string): string {
  const examples = EXAMPLES[command]
  if (!examples) return ''
  const lines = examples.map(([line, about]) => (about === '' ? `  ${line}` : `  # ${about}\n  ${line}`))
  return `\nExamples:\n${lines.join('\n')}`
}
