# Berth's commands. `just` alone lists them; without just on the PATH, say `npx --yes rust-just` instead of `just`.

set shell := ["bash", "-euo", "pipefail", "-c"]
set positional-arguments

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

# Install what is missing, start an engine, build the image; what is there is skipped
setup:
    @scripts/setup

# Make the image, the network and the pools' containers with Ansible
provision *args:
    @ansible-playbook ansible/provision.yml "$@"

# Without the flag, Node keeps up to a hundred megabytes and more for young objects; with it, GETs take a few percent longer.
# Without the variables, each thread keeps what it has once needed to itself, twenty megabytes, and so do large answers that
# were read, some more. bin/berth says all three, too.
# Serve the API on the address in berth.yml
run:
    @MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072 exec node --max-semi-space-size=4 src/main.ts

# Remove the containers and the network, whoever holds them; the image and the database stay
unprovision *args:
    @ansible-playbook ansible/unprovision.yml "$@"

# Build the pool's image if its files changed
image:
    @images/build berth/alpine

# These hold a second by the clock: beside other tests it would be the machine that is measured, and not Berth.
by_the_clock := "misbehaving|seed"

# Set up, check, then run every test
test: setup check (tests "2" "!(" + by_the_clock + ")") (tests "1" "@(" + by_the_clock + ")")

[private]
tests at_once names:
    node --test --test-concurrency={{ at_once }} --test-reporter=spec --test-reporter-destination=stdout \
      --test-reporter=./test/support/slowest.ts --test-reporter-destination=stdout 'test/**/{{ names }}.test.ts'

# Format, lint, types, dead code, import rules, and that each of these can fail; needs no Docker
check:
    biome ci .
    oxlint --type-aware
    tsc -p .
    knip
    node --test --test-reporter=dot test/architecture.test.ts test/guards.test.ts

# Format the code, and mend what the linter can mend by itself
fmt:
    biome check --write .

# Renew openapi.json and the client's types from the code
api:
    node test/http/dump-openapi.ts > openapi.json.new && mv openapi.json.new openapi.json
    scripts/api-types/generate > src/client/schema.d.ts

# A manager that compiles its modules itself, as after a pull, starts later and keeps what compiles them.
# Measure how fast Berth is beside what the machine can do, and write docs/performance.md; or only some: just bench reserve end; --all, --json
bench *args:
    @scripts/lib/compile > /dev/null
    @node bench/main.ts "$@"

# Run every proof as thoroughly as it can, and write docs/reliability.md; or only some of them: just prove residue
prove *args:
    @PROVE=all node prove/main.ts "$@"

# Use a manager hard for some minutes, and compare what is there with what was: [--minutes 10] [--size 6]
soak *args:
    @node prove/soak.ts "$@"

# Create, use and delete an account with create-users.yml: username="test" password="test" count=1
test-playbook *args:
    @node test/playbook/main.ts "$@"

# Remove node_modules and the database; containers stay, see unprovision
clean:
    rm -rf node_modules containers.db containers.db-wal containers.db-shm
    @echo 'Containers are still there; to remove them: just setup unprovision'
