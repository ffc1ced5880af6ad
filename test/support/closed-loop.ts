export interface ClosedLoopOptions<Caller> {
  /** Each makes one call at a time, for example a connection. */
  readonly callers: readonly Caller[];
  /** Looked at after each call. */
  readonly isOver: () => boolean;
  /** One call; `index` counts from 0 over all callers. */
  readonly call: (caller: Caller, index: number) => Promise<unknown>;
}

/**
 * Every caller makes its next call as soon as its last one is answered: how much a server can do. Gives how many calls
 * were answered; the first call that is rejected rejects it.
 */
export async function closedLoop<Caller>({
  callers,
  isOver,
  call,
}: ClosedLoopOptions<Caller>): Promise<number> {
  let [sent, answered, hasFailed] = [0, 0, false];
  const drive = async (caller: Caller) => {
    try {
      do {
        await call(caller, sent++);
        answered++;
      } while (!isOver() && !hasFailed);
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  };
  await Promise.all(callers.map(drive));
  return answered;
}
