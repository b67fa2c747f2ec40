// Signals that came before anything of the project was loaded: bin/tsvm.js counts them, so that Node neither dies of SIGUSR1 nor opens its inspector.

/** What bin/tsvm.js hands over. */
export interface EarlySignals {
  /** How often SIGUSR1 came; set to 0 when that was seen. */
  usr1: number;
}

let early: EarlySignals = { usr1: 0 };

export function setEarlySignals(signals: EarlySignals): void {
  early = signals;
}

/** Whether SIGUSR1 came since the last call. From the first call on it is the caller's to listen for. */
export function takeEarlySignal(): boolean {
  const came = early.usr1 > 0;
  early.usr1 = 0;
  return came;
}
