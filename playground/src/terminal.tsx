// xterm.js on the guest's terminal: 80 columns and 24 rows as large as the page lets them be, or as many as fit.
import "@xterm/xterm/css/xterm.css";
import type { ITheme, Terminal } from "@xterm/xterm";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export const SIZE: TerminalSize = { columns: 80, rows: 24 };

export interface TerminalHandle {
  readonly size: TerminalSize;
  /** What is selected, or else all that can be read. */
  text(): string;
  /** As if it were typed, in brackets where the program asked for them. */
  paste(text: string): void;
  write(bytes: Uint8Array, shown: () => void): void;
  /** Empties the screen. `pipes`: a line feed alone begins a new line, as no terminal's line discipline turns it into two. */
  reset(pipes: boolean): void;
  /** The screen as these bytes make it, in the place of what is there. Nothing that they ask the terminal is answered. */
  show(bytes: Uint8Array, shown: () => void): void;
  focus(): void;
}

const FONT = 'ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace';
const LARGEST_FONT = 15;
const SMALLEST_FONT = 6;

const light: ITheme = {
  background: "#f7f9f9",
  foreground: "#1d2426",
  cursor: "#0b6b5d",
  cursorAccent: "#f7f9f9",
  selectionBackground: "#b9ddd5",
  black: "#1d2426",
  red: "#b3261e",
  green: "#1b6e2c",
  yellow: "#7a5900",
  blue: "#1f55b5",
  magenta: "#8a2a8a",
  cyan: "#0b6b6b",
  white: "#667074",
  brightBlack: "#556064",
  brightRed: "#c9372c",
  brightGreen: "#22863a",
  brightYellow: "#8f6a00",
  brightBlue: "#2f6fdb",
  brightMagenta: "#a63fa6",
  brightCyan: "#0e8080",
  brightWhite: "#1d2426",
};
const dark: ITheme = {
  background: "#0d1315",
  foreground: "#dfe7e6",
  cursor: "#5fd3bf",
  cursorAccent: "#0d1315",
  selectionBackground: "#28564f",
  black: "#0e1416",
  red: "#ff8a80",
  green: "#7bd88f",
  yellow: "#e6c36a",
  blue: "#82b1ff",
  magenta: "#e29bea",
  cyan: "#6fd6d6",
  white: "#c9d3d2",
  brightBlack: "#8b989a",
  brightRed: "#ffaba3",
  brightGreen: "#9fe8ae",
  brightYellow: "#f2d88f",
  brightBlue: "#a8c8ff",
  brightMagenta: "#efbdf4",
  brightCyan: "#98e8e8",
  brightWhite: "#ffffff",
};

/** What a terminal has at most; programs draw all of it. */
const MOST = { columns: 240, rows: 80 } as const;
const FEWEST = { columns: 20, rows: 5 } as const;
/** Pixels of a cell that fits its text in the user's size. */
const FITTING_FONT = 14;
const LINE_HEIGHT = 1.1;

/** How many cells fit into an element. */
function sizeThatFits(terminal: Terminal, element: HTMLElement): TerminalSize {
  const screen = element.querySelector<HTMLElement>(".xterm-screen");
  if (screen === null || screen.clientWidth === 0) return { columns: terminal.cols, rows: terminal.rows };
  const cell = { width: screen.clientWidth / terminal.cols, height: screen.clientHeight / terminal.rows };
  const fitting = (pixels: number, one: number, few: number, most: number): number => Math.min(Math.max(Math.floor(pixels / one), few), most);
  return {
    columns: fitting(element.clientWidth - PADDING - SCROLLBAR, cell.width, FEWEST.columns, MOST.columns),
    rows: fitting(element.clientHeight - PADDING, cell.height, FEWEST.rows, MOST.rows),
  };
}

/** Everything in the buffer, without the empty lines at its end. */
function textOf(terminal: Terminal): string {
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_each, row) => active.getLine(row)?.translateToString(true) ?? "");
  return lines.join("\n").trimEnd();
}

/** The font size at which all columns fit into `width` pixels. */
function fontSizeFor(width: number): number {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return LARGEST_FONT;
  context.font = `100px ${FONT}`;
  const ratio = context.measureText("W").width / 100;
  // Cells are whole device pixels wide, so half a pixel more for each is needed at worst.
  const pixel = 1 / window.devicePixelRatio;
  for (let size = LARGEST_FONT; size > SMALLEST_FONT; size -= 0.5) {
    if (Math.ceil((size * ratio) / pixel) * pixel * SIZE.columns <= width) return size;
  }
  return SMALLEST_FONT;
}

/** xterm lets the page breathe between two writes, not inside one. */
const PIECE = 4096;

function writeInPieces(terminal: Terminal, bytes: Uint8Array, shown: () => void): void {
  if (bytes.length === 0) shown();
  for (let at = 0; at < bytes.length; at += PIECE) {
    const end = at + PIECE;
    terminal.write(bytes.subarray(at, end), end >= bytes.length ? shown : undefined);
  }
}

/** RIS, in its turn behind what is still to be written. */
const FULL_RESET = "\x1bc";

/** Room that xterm keeps for its scroll bar, and the style sheet around it. */
const SCROLLBAR = 14;
const PADDING = 12;

/** What the page is told of and decides about an open terminal. */
interface TerminalHost {
  readonly input: (bytes: Uint8Array) => void;
  readonly resized: (size: TerminalSize) => void;
  /** As many cells as fit; otherwise {@link SIZE}. */
  readonly fits: () => boolean;
  /** The user wants to leave by the keyboard. */
  readonly leave: () => void;
}

/** Gives the terminal its cells and its font for the room that there is. */
function layOut(terminal: Terminal, element: HTMLElement, fits: boolean): void {
  if (!fits) {
    terminal.options.fontSize = fontSizeFor(element.clientWidth - PADDING - SCROLLBAR);
    terminal.resize(SIZE.columns, SIZE.rows);
    return;
  }
  terminal.options.fontSize = FITTING_FONT;
  const { columns, rows } = sizeThatFits(terminal, element);
  terminal.resize(columns, rows);
}

async function open(element: HTMLElement, host: TerminalHost): Promise<Terminal> {
  const { Terminal } = await import("@xterm/xterm");
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  const terminal = new Terminal({
    cols: SIZE.columns,
    rows: SIZE.rows,
    fontFamily: FONT,
    fontSize: fontSizeFor(element.clientWidth - PADDING - SCROLLBAR),
    theme: scheme.matches ? dark : light,
    scrollback: 5000,
    screenReaderMode: true,
    // Programs draw boxes and pictures of characters.
    lineHeight: LINE_HEIGHT,
    minimumContrastRatio: 4.5,
  });
  terminal.open(element);
  terminal.textarea?.setAttribute("aria-label", "Terminal: what is typed goes to the program");
  scheme.addEventListener("change", () => {
    terminal.options.theme = scheme.matches ? dark : light;
  });
  new ResizeObserver(() => layOut(terminal, element, host.fits())).observe(element);
  terminal.onResize(({ cols, rows }) => host.resized({ columns: cols, rows }));
  terminal.attachCustomKeyEventHandler((event) => {
    // Tab and everything else go to the guest, so there must be a key that leads out.
    if (event.key === "F6" && event.type === "keydown") {
      event.preventDefault();
      host.leave();
      return false;
    }
    if (event.ctrlKey && event.shiftKey && event.code === "KeyC") {
      event.preventDefault();
      if (event.type === "keydown" && terminal.hasSelection()) void navigator.clipboard.writeText(terminal.getSelection());
      return false;
    }
    return !(event.ctrlKey && event.shiftKey && event.code === "KeyV");
  });
  const encoder = new TextEncoder();
  terminal.onData((text) => host.input(encoder.encode(text)));
  terminal.onBinary((text) => host.input(Uint8Array.from(text, (char) => char.charCodeAt(0))));
  return terminal;
}

export interface TerminalViewProps {
  readonly handle: RefObject<TerminalHandle | undefined>;
  /** As many cells as fit into the pane. */
  readonly fits: boolean;
  readonly onInput: (bytes: Uint8Array) => void;
  readonly onResize: (size: TerminalSize) => void;
  readonly onLeave: () => void;
}

export function TerminalView({ handle, ...given }: TerminalViewProps) {
  const element = useRef<HTMLDivElement>(null);
  const props = useRef(given);
  props.current = given;
  const opened = useRef<Terminal | undefined>(undefined);
  /** Screens that are being drawn again. */
  const deaf = useRef(0);
  useEffect(() => {
    if (!element.current) return;
    const opening = open(element.current, {
      input: (bytes) => {
        if (deaf.current === 0) props.current.onInput(bytes);
      },
      resized: (size) => props.current.onResize(size),
      fits: () => props.current.fits,
      leave: () => props.current.onLeave(),
    });
    void opening.then((terminal) => {
      opened.current = terminal;
    });
    handle.current = {
      get size() {
        const terminal = opened.current;
        return terminal === undefined ? SIZE : { columns: terminal.cols, rows: terminal.rows };
      },
      text: () => {
        const terminal = opened.current;
        return terminal === undefined ? "" : terminal.getSelection() || textOf(terminal);
      },
      paste: (text) => opened.current?.paste(text),
      write: (bytes, shown) => void opening.then((terminal) => writeInPieces(terminal, bytes, shown)),
      reset: (pipes) =>
        void opening.then((terminal) => {
          terminal.reset();
          terminal.options.convertEol = pipes;
        }),
      show: (bytes, shown) =>
        void opening.then((terminal) => {
          deaf.current++;
          terminal.write(FULL_RESET);
          terminal.write(bytes, () => {
            deaf.current--;
            shown();
          });
        }),
      focus: () => void opening.then((terminal) => terminal.focus()),
    };
  }, [handle]);
  useEffect(() => {
    if (opened.current !== undefined && element.current !== null) layOut(opened.current, element.current, given.fits);
  }, [given.fits]);
  return <div class={given.fits ? "terminal-box fits" : "terminal-box"} ref={element} />;
}
