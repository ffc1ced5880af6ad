export interface ClosedLoopOptions<Lane> {
  /** Each makes one call at a time, for example a connection. */
  readonly lanes: readonly Lane[];
  /** Looked at after each call. */
  readonly isOver: () => boolean;
  /** One call; `index` counts from 0 over all lanes. */
  readonly call: (lane: Lane, index: number) => Promise<unknown>;
}

/**
 * Every lane makes its next call as soon as its last one is answered: how much a server can do. Gives how many calls
 * were answered; the first call that is rejected rejects it.
 */
export async function closedLoop<Lane>({ lanes, isOver, call }: ClosedLoopOptions<Lane>): Promise<number> {
  let [sent, answered, hasFailed] = [0, 0, false];
  const drive = async (lane: Lane) => {
    try {
      do {
        await call(lane, sent++);
        answered++;
      } while (!isOver() && !hasFailed);
    } catch (error) {
      hasFailed = true;
      throw error;
    }
  };
  await Promise.all(lanes.map(drive));
  return answered;
}
