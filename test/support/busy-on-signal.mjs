/** Preloaded into a Node process (`--import`): at each SIGUSR2 its event loop computes for BUSY_MS and does nothing else. */
const busyMs = Number(process.env.BUSY_MS);

process.on('SIGUSR2', () => {
  const until = performance.now() + busyMs;
  while (performance.now() < until);
});
