import type { PublishedSpec } from '../../src/domain/container.ts'

/** A container of instance and pool "bed". */
export const SPEC: PublishedSpec = {
  instance: 'bed',
  pool: 'bed',
  name: 'bed-1',
  generation: 1,
  image: 'berth/box',
  bind: '127.0.0.1',
  port: 2_201,
  memory: 128 * 1024 * 1024,
  shm: 2 ** 26,
  cpus: 0.1,
  pids: 64,
  sudo: true,
  reach: 'internet',
  disk: null,
  runtime: null,
}
