// What a run did, in one line.

export interface RunStats {
  readonly instructions: number;
  /** Of executing the guest; start-up not included. */
  readonly seconds: number;
  /** Before the first instruction, this process's own start included. */
  readonly startUp: number;
  readonly syscalls: number;
  /** Guest pages that hold something. */
  readonly pages: number;
}

const PAGE = 4096;

/** With commas at the thousands; Intl would take longer to load than a small program takes to run. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** The line of --stats. bench/ reads it back. */
export function statsLine(stats: RunStats): string {
  const { instructions, seconds, startUp, syscalls, pages } = stats;
  const speed = seconds > 0 ? instructions / seconds / 1e6 : 0;
  const rss = (process.resourceUsage().maxRSS * 1024) / 1e6;
  return (
    `${grouped(instructions)} instructions in ${seconds.toFixed(3)} s, ${speed.toFixed(1)} million a second; ` +
    `start-up ${startUp.toFixed(3)} s; ${grouped(syscalls)} system calls; ` +
    `guest memory ${((pages * PAGE) / 1e6).toFixed(1)} MB (${grouped(pages)} pages); host memory ${rss.toFixed(1)} MB`
  );
}
