/** Injects the `OpenGates` of this node. */
export const OPEN_GATES = Symbol('OpenGates');

/** Whether an operator lets everything through that uses a resource. */
export interface OpenGates {
  isOpen(resource: string): boolean;
}

/** Without gates none is open. */
export const NO_OPEN_GATES: OpenGates = { isOpen: () => false };
