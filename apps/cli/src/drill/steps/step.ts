/** One thing that a drill checks, and what it saw. */
export interface Step {
  /** Of a fixed set of names, which docs/disaster-drill.md explains. */
  readonly step: string;
  readonly passed: boolean;
  readonly seen: string;
}

export function step(name: string, passed: boolean, seen: string): Step {
  return { step: name, passed, seen };
}
