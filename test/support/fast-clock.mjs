/** Preloaded into a Node process (`--import`): its wall clock runs CLOCK_RATE times as fast. Timers and `performance` do not. */
const rate = Number(process.env.CLOCK_RATE);
const startedAt = Date.now();
const realNow = Date.now;
Date.now = () => startedAt + Math.floor((realNow() - startedAt) * rate);
