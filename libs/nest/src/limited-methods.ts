import { RiskLimitMisuseError } from './risk-limit-misuse.error.js';

/** One argument of a method that says who is counted. */
export interface SubjectArgument {
  readonly index: number;
  readonly attribute: string;
  readonly select: (argument: unknown) => unknown;
}

/** What the decorators of one method have said about it. */
export interface LimitedMethod {
  readonly subject: SubjectArgument[];
  /** False while only `@Subject` was seen: parameter decorators run before the method's own. */
  limited: boolean;
}

const methods = new WeakMap<object, Map<string | symbol, LimitedMethod>>();

/** The record of a method, of this prototype itself and not of one it inherits from. */
export function limitedMethod(prototype: object, name: string | symbol): LimitedMethod {
  const ofPrototype = methods.get(prototype) ?? new Map<string | symbol, LimitedMethod>();
  methods.set(prototype, ofPrototype);
  const method = ofPrototype.get(name) ?? { subject: [], limited: false };
  ofPrototype.set(name, method);
  return method;
}

/** Whether an instance has limited methods, its own class's or inherited. */
export function hasLimitedMethods(instance: object): boolean {
  return prototypesOf(instance).some((prototype) => methods.has(prototype));
}

/** @throws RiskLimitMisuseError for a method with `@Subject` parameters that nothing limits. */
export function refuseSubjectsWithoutLimit(instance: object): void {
  for (const prototype of prototypesOf(instance)) {
    for (const [name, { limited }] of methods.get(prototype) ?? []) {
      if (limited) continue;
      throw new RiskLimitMisuseError(
        methodLabel(prototype, name),
        'it has a @Subject parameter but no @RiskLimit: it would run without a limit. Add @RiskLimit or remove @Subject.',
      );
    }
  }
}

/** `Class.method`, for sentences. `target` is what a decorator gets: a prototype, or the class itself. */
export function methodLabel(target: object, name: string | symbol = 'constructor'): string {
  const { name: className } = typeof target === 'function' ? target : target.constructor;
  return `${className}.${String(name)}`;
}

function prototypesOf(instance: object): object[] {
  const prototypes: object[] = [];
  for (let it: unknown = Object.getPrototypeOf(instance); it; it = Object.getPrototypeOf(it)) {
    prototypes.push(it as object);
  }
  return prototypes;
}
