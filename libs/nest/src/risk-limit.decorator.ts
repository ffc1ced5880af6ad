import { Observable } from 'rxjs';
import { injectQuota } from './bound-quota.js';
import { LimitedCalls } from './limited-calls.js';
import { limitedMethod, methodLabel, type LimitedMethod } from './limited-methods.js';
import { isUnits, readAmounts, UNITS } from './meter-amounts.js';
import { NAME_PATTERN } from '@sundial/contract';
import { type CountingOptions, errorInCounting } from './on-success/counting-options.js';
import { RiskLimitMisuseError } from './risk-limit-misuse.error.js';
import type { AsyncMethod, RiskLimitOptions } from './risk-limit.options.js';

/**
 * Asks the quota before a method runs, and counts: on controllers and on any provider, singleton, request-scoped or
 * transient.
 *
 * ```ts
 * @RiskLimit({ resource: 'ocr' })
 * async submit(@Subject('user') userId: string, @Subject('grade', (p) => p.grade) pupil: Pupil, imageUrl: string) { … }
 * ```
 *
 * Allowed: the method runs. Denied: `RiskLimitExceededException` (429), or `onDenied`. Not decided: the method runs
 * and a warning is logged, or `onUnavailable`; a failure of Sundial never stops the business. Arguments that a request can
 * bring and that make no check: `RiskLimitRequestException` (400; 409 for an operation id used for something else);
 * those that only the program can have passed: `RiskLimitMisuseError` (500). Both exceptions reach the caller in HTTP,
 * microservices, WebSocket gateways and GraphQL (`RiskLimitExceededException` says how).
 *
 * With `count: 'on-success'` it reserves before the method runs, commits what was used when it has succeeded, and gives the
 * units back when it has thrown; of a stream that it resolves to (an Observable, too), at its end.
 *
 * The method is replaced on its prototype, so self-calls (`this.submit()`), subclasses and calls from other providers
 * all pass here, and on a controller the check comes after guards, interceptors and pipes: what they turn away is
 * not counted. The quota is the one of the application that made the instance: Nest injects it, so two
 * applications in a process never mix (docs/adr/0007). An override in a subclass needs a `@RiskLimit` of its own.
 *
 * The method must be asynchronous, since asking is: an `async` method, or one declared to return `Promise`; with `on-success`
 * also an `async *` one, which asks when it is first read. A
 * synchronous method would change its return type, an Observable counts nothing until a subscriber comes and twice
 * when two do; both are refused.
 *
 * @throws RiskLimitMisuseError when the class is defined: on what is no asynchronous instance method, a bad resource,
 * no source of the subject or two, a second `@RiskLimit`.
 */
export function RiskLimit<Method extends AsyncMethod = AsyncMethod>(options: RiskLimitOptions<Method>) {
  return <Decorated extends Method>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<Decorated>,
  ): void => {
    const label = methodLabel(target, name);
    const method: unknown = descriptor?.value;
    if (typeof target === 'function' || typeof method !== 'function') {
      throw new RiskLimitMisuseError(label, '@RiskLimit is for instance methods.');
    }
    const record = limitedMethod(target, name);
    const error =
      errorIn(options, record) ??
      notAsynchronous(method, options, Reflect.getOwnMetadata(RETURN_TYPE, target, name));
    if (error) throw new RiskLimitMisuseError(label, error);

    record.limited = true;
    injectQuota(target);
    descriptor.value = wrap(method as Decorated, new LimitedCalls(label, options, record.subject));
  };
}

/** What TypeScript and swc emit for a decorated method (`emitDecoratorMetadata`). */
const RETURN_TYPE = 'design:returntype';

function errorIn(options: RiskLimitOptions<never>, { subject, limited }: LimitedMethod): string | undefined {
  if (limited) return 'it has two @RiskLimit. A resource may have many rules: put both limits there.';
  if (!NAME_PATTERN.test(options.resource)) {
    return `"${options.resource}" is no resource name. Use up to 128 letters, digits and "._:-", a letter or digit first.`;
  }
  if (typeof options.amount === 'number' && !isUnits(options.amount)) {
    return `its amount must be ${UNITS}, not ${options.amount}.`;
  }
  const amountsError = errorInAmounts(options.amounts);
  if (amountsError !== undefined) return amountsError;
  const counting = errorInCounting(options as unknown as CountingOptions);
  if (counting !== undefined) return counting;
  if (options.subject && subject.length > 0) {
    return 'its subject comes from @Subject parameters and from the option "subject". Keep one of them.';
  }
  if (!options.subject && subject.length === 0) {
    return 'nothing says who is counted. Mark a parameter with @Subject or give the option "subject" (`() => ({})` where all callers share one counter).';
  }
  return undefined;
}

/** In constant ones; a function's are read at each call. */
function errorInAmounts(amounts: RiskLimitOptions<never>['amounts']): string | undefined {
  if (amounts === undefined || typeof amounts === 'function') return undefined;
  const reading = readAmounts(amounts);
  switch (reading.kind) {
    case 'amounts':
      return undefined;
    case 'invalid':
      return `its ${reading.errors.map(({ path, message }) => `${path} ${message}`).join(', its ')}.`;
    case 'misuse':
      return `its option "amounts" ${reading.message}.`;
  }
}

function notAsynchronous(
  method: object,
  { count }: RiskLimitOptions<never>,
  returnType: unknown,
): string | undefined {
  if (returnType === Observable) {
    return '@RiskLimit cannot guard an Observable, which may be subscribed to never or twice. Return a promise (firstValueFrom).';
  }
  // Emitted metadata calls an async generator a Promise. For the rest the declared type says more than the function:
  // a decorator below may have put a plain one in place of an async one.
  const kind = Object.prototype.toString.call(method);
  if (kind === '[object AsyncFunction]') return undefined;
  if (kind === ASYNC_GENERATOR && count === 'on-success') return undefined;
  if (kind === '[object Function]' && returnType === Promise) return undefined;
  return '@RiskLimit needs an asynchronous method: make it async, or declare that it returns Promise.';
}

const ASYNC_GENERATOR = '[object AsyncGeneratorFunction]';

/** The method's stand-in: its name, length, own properties and metadata, so that no other decorator sees a difference. */
function wrap<Method extends AsyncMethod>(method: Method, calls: LimitedCalls): Method {
  const guarded =
    Object.prototype.toString.call(method) === ASYNC_GENERATOR
      ? async function* (this: object, ...args: Parameters<Method>): AsyncGenerator<unknown> {
          yield* (await calls.run(this, method, args)) as AsyncIterable<unknown>;
        }
      : async function (this: object, ...args: Parameters<Method>): Promise<unknown> {
          return calls.run(this, method, args);
        };
  const { prototype: _, ...properties } = Object.getOwnPropertyDescriptors<object & { prototype?: object }>(
    method,
  );
  Object.defineProperties(guarded, properties);
  for (const key of Reflect.getOwnMetadataKeys(method)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, method), guarded);
  }
  return guarded as unknown as Method;
}
