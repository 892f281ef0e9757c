/**
 * Loaded into a manager's process beside it (`node --import`): its machine's clock is CLOCK_SHIFT_MS ahead, and is set
 * an hour forward at SIGUSR2.
 */
const real = Date.now.bind(Date)
let shift = Number(process.env['CLOCK_SHIFT_MS'] ?? 0)

Date.now = () => real() + shift

process.on('SIGUSR2', () => {
  shift += 3_600_000
})
