/** Preloaded into a Node process (`--import`): its wall clock runs SHIFTED_CLOCK_MS ahead, or behind. */
const shiftMs = Number(process.env.SHIFTED_CLOCK_MS);
const RealDate = Date;
const now = () => RealDate.now() + shiftMs;

globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(now()).toString(),
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
});
