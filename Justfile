# Berth's commands. `just` alone lists them. Without just on the PATH: `npx --yes rust-just@1.57.0` instead of `just`.

set shell := ["bash", "-euo", "pipefail", "-c"]
set positional-arguments

# A locale that this machine lacks, or that is not UTF-8, makes Ansible refuse to start. ssh passes on the caller's.
export LC_ALL := "C.UTF-8"
# With it, cd prints where it went, or goes somewhere else.
export CDPATH := ""
# Programs that change their folder need an absolute one; mktemp needs one that exists.
export TMPDIR := if path_exists(env("TMPDIR", "")) == "true" { absolute_path(env("TMPDIR")) } else { "/tmp" }
# Ansible's own default is below HOME, which may be missing or read-only.
export ANSIBLE_LOCAL_TEMP := env("ANSIBLE_LOCAL_TEMP", TMPDIR)

# The Node that package-lock.json pins, and the tools beside it, come before the machine's own.
export PATH := justfile_directory() / "node_modules/.bin:" + env("PATH")
# What was compiled once is not compiled again at each start.
export NODE_COMPILE_CACHE := justfile_directory() / "node_modules/.cache/compiled"
export ANSIBLE_CONFIG := justfile_directory() / "ansible/ansible.cfg"

# List the commands
[private]
default:
    @{{ quote(just_executable()) }} --justfile {{ quote(justfile()) }} --list --unsorted

# Set up, provision and serve: everything in one command
up: setup provision run

# Install what is missing, start an engine, build dashboard and image; what is there is skipped
setup:
    @scripts/setup

# Without set-up, the recipes below would run on the machine's own Node, or say only "command not found".
[private]
is-set-up:
    @scripts/lib/check-set-up

# Make the image, the network and the pools' containers with Ansible
provision *args: is-set-up
    @ansible-playbook ansible/provision.yml "$@"

# Without the flag, Node keeps 100 MB and more for young objects; with it, GETs take a few percent longer. Without the
# variables, each thread keeps the 20 MB that it once needed, and what large answers needed. bin/berth sets all three.
# Serve the API on the address in berth.yml
run: is-set-up
    @MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072 exec node --max-semi-space-size=4 src/main.ts

# Install this checkout as a systemd service; just service uninstall removes it
service *args: is-set-up
    @scripts/service "$@"

# Remove all containers of this instance, also reserved ones, its prepared images, networks, firewall and ledger
unprovision *args: is-set-up
    @ansible-playbook ansible/unprovision.yml "$@"

# Build Berth's images if their files, or their base in berth.yml, changed
image: is-set-up
    @scripts/image

# These hold a second by the clock: beside other tests it would be the machine that is measured, and not Berth.
by_the_clock := "misbehaving|seed"

# The tests that need no Docker, by folder of test/. Those of the rules share one process: one per file takes four times
# as long. The streams of events take half a minute by themselves, so they run with the rest.
unit_rules := "@(bench|cli|client|config|domain|lab|playbook|prove|reconcile|usecases|web)/**/*"
unit_http := "http/{*,!(streaming)/*}"
not_unit := "{!(bench|cli|client|config|dashboard|domain|kubernetes|lab|playbook|prove|reconcile|usecases|web|http)/**,http/streaming}"

# In a browser. Chromium gives up its requests when the machine gets another network, as with each pool that other tests
# make. Some hold a second by the clock, too.
browser := "dashboard/*"

# A test that never ends fails after 15 minutes. A file that something keeps open after its tests is not ended: it must be
# mended, and --test-force-exit would hide it.
bounded := "--test-timeout=900000"

# Run the tests that need no Docker, in about two minutes
[parallel]
unit: (unit-tests unit_rules "none") (unit-tests unit_http "process")

[private]
unit-tests names isolation: is-set-up
    node --test {{ bounded }} --test-isolation={{ isolation }} --test-concurrency=1 --test-reporter=dot \
      'test/{{ names }}.test.ts'

# Programs that only checks and tests use
test_tools := "node_modules/.cache/test-tools/bin"

[private]
test-tools:
    @scripts/test-tools

# Set up, check, then run every test
test: setup check (tests "2" not_unit + "/!(" + by_the_clock + ")") \
  (tests "1" not_unit + "/@(" + by_the_clock + ")") (tests "1" browser)

[private]
tests at_once names:
    node --test {{ bounded }} --test-concurrency={{ at_once }} --test-reporter=spec --test-reporter-destination=stdout \
      --test-reporter=./test/support/slowest.ts --test-reporter-destination=stdout \
      'test/{{ names }}.test.ts'

# Format, lint (also shell scripts and playbooks), types, dead code, API, documentation, and that each of these can fail
check: is-set-up test-tools && unit
    biome ci .
    oxlint --type-aware
    tsc -p .
    tsc -p web
    knip
    redocly lint openapi.json
    scripts/lib/lint-shell
    {{ test_tools }}/ansible-lint -q ansible deploy/molecule
    node --test --test-reporter=dot 'test/*.test.ts'

# Format the code, and mend what the linter can mend by itself
fmt: is-set-up
    biome check --write .

# Renew openapi.json and the client's types from the code
api: is-set-up
    node test/http/docs/dump-openapi.ts > openapi.json.new && mv openapi.json.new openapi.json
    scripts/api-types/generate > schema.d.ts.new && mv schema.d.ts.new src/client/schema.d.ts

# Pack the command `berth` and the JavaScript client for machines without a checkout: dist/berth-*.tgz
client: is-set-up
    @node packages/build.ts

# A manager that compiles its modules itself, as after a pull, starts later and uses more memory.
# Measure Berth beside what the machine can do, and write docs/performance.md; some groups: just bench reserve end
bench *args: is-set-up
    @scripts/lib/compile > /dev/null
    @node bench/main.ts "$@"

# Run every proof as thoroughly as it can, and write docs/reliability.md; or only some of them: just prove residue
prove *args: is-set-up
    @PROVE=all node prove/main.ts "$@"

# Use a manager hard for some minutes, and compare what is there with what was: [--minutes 10] [--size 6]
soak *args: is-set-up
    @node prove/soak.ts "$@"

# Simulate a day of users at any scale, in virtual time: [--containers 1000] [--users 500] [--database postgres://…]
simulate *args: is-set-up
    @node --max-semi-space-size=4 lab/simulate/main.ts "$@"

# Create, use and delete an account with create-users.yml: username="test" password="test" count=1
test-playbook *args: is-set-up
    @node test/playbook/main.ts "$@"

# Start a PostgreSQL server to try Berth with it, until Ctrl-C
postgres: is-set-up
    @exec node lab/postgres/main.ts

# Run the contract suite of engines on a Kubernetes cluster of your own
test-engine *options: is-set-up
    @exec scripts/test-engine "$@"

# Start a Kubernetes cluster to try Berth with it, until Ctrl-C; its nodes get these images: berth/box. Needs root
kubernetes *args: is-set-up test-tools
    @exec node lab/kubernetes/main.ts "$@"

# Run the tests that need a Kubernetes cluster, on one that is built and started for them. Needs root
test-kubernetes: is-set-up test-tools
    node --test {{ bounded }} --test-concurrency=1 'test/kubernetes/*.test.ts'

# Remove node_modules, what was built and the database; containers stay, see unprovision
clean:
    @scripts/clean
