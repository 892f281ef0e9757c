/** A tenant with sudo abuses the path by which `extend` and `release` reach the manager. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../lab/eventually.ts'
import { testManager } from '../../lab/manager.ts'
import { tried } from '../../lab/proof.ts'
import { loginAndRun } from '../support/ssh.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const MEASURED_MS = 5_000
/** Maximum CPU time of the manager during a flood, as a share of one core. */
const MAX_CORES = 0.15
/** A burst of ten requests of one container, then one every five seconds; and those of the other tenant. */
const MAX_SERVED = 16
/** Maximum wait of another tenant, who waits for tenths of a second on a quiet host. */
const MAX_WAIT_MS = 5_000

const manager = await testManager('inside', { size: 3, pool: { duration: { default: '60m', max: '2h' } } })

interface View {
  readonly id: string
  readonly state: string
  readonly expires_at: string
  readonly containers: readonly { readonly port: number }[]
}

async function reserve(username: string): Promise<View> {
  const { status, body } = await manager.send('POST', '/v1/reservations', { username, password: 'test' })
  assert.equal(status, 201, JSON.stringify(body))
  return body as View
}

const viewOf = async ({ id }: View) => (await manager.get<View>(`/v1/reservations/${id}`)).body
const endOf = async (held: View) => Date.parse((await viewOf(held)).expires_at)
const inside = (held: View, username: string, command: string) =>
  loginAndRun({ port: held.containers[0]?.port ?? 0, username, password: 'test' }, command)

let mallory: View
let bob: View
const byMallory = (command: string) => inside(mallory, 'mallory', command)

before(async () => {
  await manager.start()
  await manager.untilReady()
  mallory = await reserve('mallory')
  bob = await reserve('bob')
  await eventually(async () => (await byMallory('extend 1s')).code === 0)
})

/** Extends bob's reservation from inside; returns how long that took, in milliseconds. */
async function bobExtends(): Promise<number> {
  const end = await endOf(bob)
  const began = performance.now()
  const { stdout, stderr } = await inside(bob, 'bob', 'extend 1m')
  const ms = performance.now() - began
  assert.match(stdout, /^Extended until /, stderr)
  assert.equal(await endOf(bob), end + MINUTE)
  return ms
}

/** Returns the CPU time of the manager, in seconds. */
async function managerSeconds(): Promise<number> {
  const text = await (await fetch(`${manager.url}/metrics`)).text()
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1])
}

/** Returns how much of a core the manager uses. */
async function coresOfManager(): Promise<number> {
  const [began, secondsBefore] = [performance.now(), await managerSeconds()]
  await sleep(MEASURED_MS)
  return ((await managerSeconds()) - secondsBefore) / ((performance.now() - began) / 1_000)
}

const served = () => manager.output.split('requested from inside').length - 1

describe('requests from inside', () => {
  it('A tenant who is root and forges requests changes no other reservation, and gets no more than its owner may', async (t) => {
    const earlier = await viewOf(bob)
    const { id } = bob
    const forged = [
      `release ${id}`,
      `release ${id} 0123456789ab`,
      `extend 30m ${id} 0123456789ab`,
      `extend 30m 0123456789ab ${id}`,
      `{"release": "${id}"}`,
      `DELETE /v1/reservations/${id}`,
      `berth-run 0123456789ab 4 last`,
      `extend -60m 0123456789ab`,
      `extend 30m 0123456789ab\\rrelease 0123456789ab`,
      `extend 30m 0123456789ab\\0release 0123456789ac`,
      `${'x'.repeat(100_000)}release 0123456789ab`,
      `release $(id)`,
    ]
    for (const line of forged) {
      for (const way of ['/run/berth/requests', '/proc/1/fd/1']) {
        const print = `printf '%b\\n' '${line}' | sudo tee ${way} >/dev/null`
        assert.equal((await byMallory(print)).code, 0)
      }
    }
    // The long lines made the manager close the connection; it connects again after a pause.
    await eventually(async () => {
      const { stdout, stderr } = await byMallory('extend 999999d')
      return `${stdout}${stderr}`.includes('2h is the maximum of pool')
    })
    assert.ok((await endOf(mallory)) <= Date.now() + 2 * HOUR)
    assert.deepEqual(await viewOf(bob), earlier)
    assert.equal((await viewOf(mallory)).state, 'active')
    tried(t, 2 * forged.length, 'forged requests')
  })

  it('A tenant who floods the manager with requests, or writes without end, costs it next to nothing, and delays no other tenant', async (t) => {
    const floods = [
      `for i in $(seq 100000); do printf 'extend 1s %012x\\n' $i; done >/run/berth/requests`,
      `yes 'extend 1s 0123456789ab' >/proc/1/fd/1`,
      `cat /dev/zero >/proc/1/fd/1`,
      `while :; do printf 'release'; done >/proc/1/fd/1`,
    ]
    for (const flood of floods) {
      const earlier = served()
      await byMallory(
        `sudo sh -c '(${flood.replaceAll("'", `'\\''`)}) </dev/null >/dev/null 2>&1 & echo $! >/tmp/flood'`,
      )
      const [cores, ms] = await Promise.all([coresOfManager(), bobExtends()])
      await byMallory(
        'sudo pkill -P $(cat /tmp/flood); sudo kill $(cat /tmp/flood); sudo pkill -x yes; sudo pkill -x cat',
      )
      assert.ok(cores < MAX_CORES, `${flood}: ${cores} cores of the manager`)
      assert.ok(ms < MAX_WAIT_MS, `${flood}: bob waited ${ms} ms`)
      assert.ok(served() - earlier <= MAX_SERVED, `${flood}: ${served() - earlier} requests were handled`)
    }
    assert.equal((await viewOf(mallory)).state, 'active')
    tried(t, floods.length, 'floods')
  })

  it('The manager changes no other file, whatever a tenant puts in place of the pipe or of the answer', async (t) => {
    const answer = '/run/berth/reply'
    const tricks = [
      `ln -s /etc/hostname ${answer}`,
      `ln -s /root ${answer}`,
      `ln -s reply ${answer}`,
      `mkfifo ${answer}`,
      `mkdir -p ${answer}/full/of/things`,
      `ln -s /dev/zero ${answer}`,
      `rm /run/berth/requests; ln -s /proc/1/fd/1 /run/berth/requests`,
      `rm -r /run/berth; mkdir /tmp/elsewhere; ln -s /tmp/elsewhere /run/berth`,
      `rm /run/berth; ln -s /proc /run/berth`,
      `rm /run/berth; ln -s berth /run/berth`,
      `printf '#!/bin/sh\\nexec cat /dev/zero\\n' >/tmp/loud; chmod 755 /tmp/loud; mv -f /tmp/loud /bin/bash`,
    ]
    const untouched = 'cat /etc/hostname; sudo ls -A /root'
    const { stdout: earlier } = await byMallory(untouched)
    const waits: number[] = []
    for (const [n, trick] of tricks.entries()) {
      const request = `extend 1s ${n.toString(16).padStart(12, '0')}`
      const plant = `rm -rf ${answer} 2>/dev/null; ${trick}; echo ${request} >/proc/1/fd/1`
      await byMallory(`sudo sh -c '${plant.replaceAll("'", `'\\''`)}'`)
      if (n < tricks.length - 1) assert.equal((await byMallory(untouched)).stdout, earlier, trick)
      if (n % 3 === 0) waits.push(await bobExtends())
    }
    await sleep(2_000)
    waits.push(await bobExtends())
    assert.ok(Math.max(...waits) < MAX_WAIT_MS, `bob waited ${waits.join()} ms`)
    assert.equal((await viewOf(bob)).state, 'active')
    assert.ok((await coresOfManager()) < MAX_CORES)
    tried(t, tricks.length, 'things put in their place')
  })
})
