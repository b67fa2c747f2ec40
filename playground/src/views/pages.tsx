import { useEffect, useRef } from "preact/hooks";
import { type AreaPicture, PageBit } from "../../../src/web/index.ts";
import { Hint, nothingYet } from "./hex.tsx";
import { areaTitle } from "./memory.tsx";
import { useLook, type ViewProps } from "./use-look.ts";

const LIVE_MS = 200;
const CELLS = 6000;
const CELL = 9;
const GAP = 1;
/** How long a written page glows. */
const GLOW_MS = 700;
const PAGE = 4096;
const numbers = new Intl.NumberFormat("en");

export interface PagesProps extends ViewProps {
  readonly onShow: (address: number) => void;
}

const KIB = 1024;
const sizeText = (bytes: number): string =>
  bytes >= 2 ** 30
    ? `${numbers.format(Math.round(bytes / 2 ** 30))} GiB`
    : bytes >= 2 ** 20
      ? `${numbers.format(Math.round(bytes / 2 ** 20))} MiB`
      : `${numbers.format(bytes / KIB)} KiB`;

/** The page table as a picture, live while the program runs, and the areas as pmap(1) lists them. */
export function Pages({ onShow, ...view }: PagesProps) {
  const { answer, error } = useLook(view, "pages", { cells: CELLS }, LIVE_MS);
  if (answer === undefined) return <Hint>{error ?? nothingYet(view.state)}</Hint>;
  const { areas } = answer;
  const sum = (of: (area: AreaPicture) => number): number => areas.reduce((total, area) => total + of(area), 0);
  const pages = sum(({ start, end }) => (end - start) / PAGE);
  const resident = sum((area) => area.resident);
  const dirty = sum((area) => area.dirty);
  const text = `${numbers.format(pages)} pages in ${areas.length} areas: ${numbers.format(resident)} present, ${numbers.format(dirty)} of them dirty.`;
  return (
    <>
      <ul class="legend">
        <li class="k-absent">absent</li>
        <li class="k-clean">clean</li>
        <li class="k-dirty">dirty</li>
        <li class="k-exec">executable</li>
        <li class="k-recent">just written</li>
      </ul>
      <p class="foot">{text}</p>
      <div class="scroll map" tabIndex={0} role="region" aria-label="Picture of the page table">
        {areas.map((area) => (
          <Strip key={area.start} area={area} onShow={onShow} />
        ))}
      </div>
      <h3>Areas</h3>
      <div class="scroll areas" tabIndex={0} role="region" aria-label="Areas">
        <table>
          <thead>
            <tr>
              <th scope="col">Address</th>
              <th scope="col">Size</th>
              <th scope="col">Present</th>
              <th scope="col">Dirty</th>
              <th scope="col">Mode</th>
              <th scope="col">Mapping</th>
            </tr>
          </thead>
          <tbody>
            {areas.map((area) => (
              <tr key={area.start}>
                <th scope="row">
                  <button type="button" class="link" aria-label={`Show memory at ${area.start.toString(16)}`} onClick={() => onShow(area.start)}>
                    {area.start.toString(16)}
                  </button>
                </th>
                <td>{sizeText(area.end - area.start)}</td>
                <td>{numbers.format(area.resident)}</td>
                <td>{numbers.format(area.dirty)}</td>
                <td>{area.permissions}</td>
                <td class="place">{areaTitle(area)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

type Colors = Readonly<Record<"absent" | "clean" | "dirty" | "exec" | "recent", string>>;

function colorsOf(element: HTMLElement): Colors {
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(`--k-${name}`).trim();
  // light-dark() is resolved by the element's own color only.
  const probe = document.createElement("span");
  element.append(probe);
  const resolved = (name: string): string => {
    probe.style.color = `var(--k-${name})`;
    return getComputedStyle(probe).color || color(name);
  };
  const colors = {
    absent: resolved("absent"),
    clean: resolved("clean"),
    dirty: resolved("dirty"),
    exec: resolved("exec"),
    recent: resolved("recent"),
  };
  probe.remove();
  return colors;
}

/** One area: what it is, and its cells on a canvas. A click shows the memory there. */
function Strip({ area, onShow }: { readonly area: AreaPicture; readonly onShow: (address: number) => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  /** When each cell was last seen to be written. */
  const written = useRef<Float64Array>(new Float64Array(0));
  const frame = useRef(0);
  const columnsOf = (element: HTMLElement): number => Math.max(1, Math.floor(element.clientWidth / (CELL + GAP)));
  useEffect(() => {
    const element = canvas.current;
    const parent = element?.parentElement;
    if (element === null || parent === null || parent === undefined) return;
    const { cells } = area;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (written.current.length !== cells.length) written.current = new Float64Array(cells.length);
    const now = performance.now();
    cells.forEach((cell, index) => {
      if ((cell & PageBit.recent) !== 0) written.current[index] = now;
    });
    const draw = (): void => {
      const time = performance.now();
      const columns = Math.min(columnsOf(parent), cells.length);
      const height = Math.ceil(cells.length / columns) * (CELL + GAP);
      const ratio = devicePixelRatio;
      element.style.height = `${height}px`;
      element.style.width = `${columns * (CELL + GAP)}px`;
      element.width = Math.round(columns * (CELL + GAP) * ratio);
      element.height = Math.round(height * ratio);
      const context = element.getContext("2d");
      if (context === null) return;
      const colors = colorsOf(parent);
      context.scale(ratio, ratio);
      let glowing = false;
      cells.forEach((cell, index) => {
        const x = (index % columns) * (CELL + GAP);
        const y = Math.floor(index / columns) * (CELL + GAP);
        if ((cell & PageBit.present) === 0) {
          context.strokeStyle = colors.absent;
          context.strokeRect(x + 0.5, y + 0.5, CELL - 1, CELL - 1);
          return;
        }
        const executable = (cell & PageBit.executable) !== 0;
        context.fillStyle = executable ? colors.exec : (cell & PageBit.dirty) !== 0 ? colors.dirty : colors.clean;
        context.fillRect(x, y, CELL, CELL);
        if (executable && (cell & PageBit.dirty) !== 0) {
          context.fillStyle = colors.dirty;
          context.fillRect(x + 3, y + 3, CELL - 6, CELL - 6);
        }
        const age = time - (written.current[index] ?? 0);
        if (written.current[index] === 0 || age > GLOW_MS) return;
        glowing = true;
        context.globalAlpha = still ? 1 : 1 - age / GLOW_MS;
        context.strokeStyle = colors.recent;
        context.lineWidth = 2;
        context.strokeRect(x + 1, y + 1, CELL - 2, CELL - 2);
        context.lineWidth = 1;
        context.globalAlpha = 1;
      });
      cancelAnimationFrame(frame.current);
      if (glowing && !still) frame.current = requestAnimationFrame(draw);
    };
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(parent);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    return () => {
      cancelAnimationFrame(frame.current);
      observer.disconnect();
      scheme.removeEventListener("change", draw);
    };
  }, [area]);
  const { start, end, permissions, resident, dirty, pagesPerCell } = area;
  const title = areaTitle(area).replace(/^.*\//, "");
  return (
    <div class="strip">
      <p>
        <b>{title}</b> <code>{permissions}</code> {numbers.format(resident)} of {numbers.format((end - start) / PAGE)} pages
        {pagesPerCell > 1 && `, ${pagesPerCell} in a cell`}
      </p>
      <div>
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${title}: ${resident} of ${(end - start) / PAGE} pages present, ${dirty} dirty`}
          onClick={(event) => {
            const columns = Math.min(columnsOf(event.currentTarget.parentElement ?? event.currentTarget), area.cells.length);
            const index = Math.floor(event.offsetY / (CELL + GAP)) * columns + Math.floor(event.offsetX / (CELL + GAP));
            onShow(Math.min(start + index * pagesPerCell * PAGE, end - PAGE));
          }}
        />
      </div>
    </div>
  );
}
