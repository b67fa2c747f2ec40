/**
 * The order in which a region's nodes are written so that every edge is a WebAssembly branch (N. Ramsey, Beyond Relooper, 2022): a node's code
 * comes behind that of its dominator. Loops with two ways in are entered through a dispatcher at the region's head, which dominates everything.
 */

import type { Edge, Node, Region } from "./region.ts";

/** A node, or the dispatcher (undefined). */
type Place = Node | undefined;

export interface Flow {
  /** Nodes that the dispatcher leads to, by their number there: the entry first. Empty: there is none. */
  readonly dispatched: readonly Node[];
  /** Edges that go by the dispatcher. */
  readonly redirected: ReadonlySet<Edge>;
  /** Targets of edges that lead back to a dominator. */
  readonly headers: ReadonlySet<Node>;
  /** Nodes whose immediate dominator is this place, those first that others may lead to. */
  children(place: Place): readonly Node[];
  /** Edges that lead to a node forwards, from any other; undefined where some lead to it otherwise. */
  forwardEdges(node: Node): readonly Edge[] | undefined;
  /** Nodes where the budget is compared with {@link longest}: every way round comes by one. */
  readonly checked: ReadonlySet<Node>;
  /** Most instructions that run from here to the next check. */
  longest(node: Node): number;
}

export function edgesOf(node: Node): Edge[] {
  return [...node.taken.values(), ...(node.next === undefined ? [] : [node.next]), ...node.computed];
}

export function flowOf(region: Region): Flow {
  const redirected = new Set<Edge>();
  const dispatched: Node[] = [];
  for (;;) {
    const graph = new Dominators(region, dispatched, redirected);
    const more = graph.irreducible();
    if (more.length === 0) return new OrderedFlow(region, graph, dispatched, redirected);
    if (dispatched.length === 0) dispatched.push(region.entry);
    for (const edge of more) {
      redirected.add(edge);
      if (edge.to !== undefined && !dispatched.includes(edge.to)) dispatched.push(edge.to);
    }
  }
}

class Dominators {
  /** Places in reverse postorder, the root first. */
  readonly order: Place[] = [];
  readonly #number = new Map<Place, number>();
  readonly #predecessors = new Map<Place, Place[]>();
  readonly #immediate: number[] = [];
  readonly #redirected: ReadonlySet<Edge>;
  readonly #dispatched: readonly Node[];

  constructor(region: Region, dispatched: readonly Node[], redirected: ReadonlySet<Edge>) {
    this.#redirected = redirected;
    this.#dispatched = dispatched;
    this.#visit(dispatched.length > 0 ? undefined : region.entry);
    this.#dominate();
  }

  edges(node: Node): Edge[] {
    return edgesOf(node).filter((edge) => edge.to !== undefined && !this.#redirected.has(edge));
  }

  #successors(place: Place): Node[] {
    if (place === undefined) return [...this.#dispatched];
    return this.edges(place).flatMap((edge) => edge.to ?? []);
  }

  /** Depth-first, by a stack of its own: paths may be long. */
  #visit(root: Place): void {
    const seen = new Set<Place>([root]);
    const postorder: Place[] = [];
    const stack: { place: Place; rest: Node[] }[] = [{ place: root, rest: this.#successors(root) }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top === undefined) break;
      const next = top.rest.pop();
      if (next === undefined) {
        postorder.push(top.place);
        stack.pop();
        continue;
      }
      this.#predecessors.set(next, [...(this.#predecessors.get(next) ?? []), top.place]);
      if (seen.has(next)) continue;
      seen.add(next);
      stack.push({ place: next, rest: this.#successors(next) });
    }
    this.order.push(...postorder.reverse());
    this.order.forEach((place, i) => this.#number.set(place, i));
  }

  number(place: Place): number {
    return this.#number.get(place) ?? -1;
  }

  /** Cooper, Harvey and Kennedy, A Simple, Fast Dominance Algorithm. */
  #dominate(): void {
    const immediate = this.#immediate;
    immediate[0] = 0;
    const meet = (a: number, b: number): number => {
      let [x, y] = [a, b];
      while (x !== y) {
        while (x > y) x = immediate[x] ?? 0;
        while (y > x) y = immediate[y] ?? 0;
      }
      return x;
    };
    for (let changed = true; changed;) {
      changed = false;
      for (let i = 1; i < this.order.length; i++) {
        const known = (this.#predecessors.get(this.order[i]) ?? []).map((p) => this.number(p)).filter((p) => immediate[p] !== undefined);
        const best = known.reduce((a, b) => meet(a, b));
        if (immediate[i] === best) continue;
        immediate[i] = best;
        changed = true;
      }
    }
  }

  immediate(place: Node): Place {
    return this.order[this.#immediate[this.number(place)] ?? 0];
  }

  #dominates(a: number, b: number): boolean {
    let at = b;
    while (at > a) at = this.#immediate[at] ?? 0;
    return at === a;
  }

  isBack(from: Node, to: Node): boolean {
    return this.number(to) <= this.number(from);
  }

  /** Edges backwards to what does not dominate them. */
  irreducible(): Edge[] {
    return this.order.flatMap((node) => {
      if (node === undefined) return [];
      return this.edges(node).filter(({ to }) => to !== undefined && this.isBack(node, to) && !this.#dominates(this.number(to), this.number(node)));
    });
  }
}

class OrderedFlow implements Flow {
  readonly dispatched: readonly Node[];
  readonly redirected: ReadonlySet<Edge>;
  readonly headers = new Set<Node>();
  readonly checked: Set<Node>;
  readonly #children = new Map<Place, Node[]>();
  readonly #forward = new Map<Node, Edge[]>();
  readonly #longest = new Map<Node, number>();

  constructor(region: Region, graph: Dominators, dispatched: readonly Node[], redirected: ReadonlySet<Edge>) {
    this.dispatched = dispatched;
    this.redirected = redirected;
    for (const node of graph.order) {
      if (node === undefined) continue;
      for (const edge of graph.edges(node)) {
        if (edge.to === undefined) continue;
        if (graph.isBack(node, edge.to)) this.headers.add(edge.to);
        else this.#forward.set(edge.to, [...(this.#forward.get(edge.to) ?? []), edge]);
      }
      if (node === graph.order[0]) continue;
      const parent = graph.immediate(node);
      this.#children.set(parent, [...(this.#children.get(parent) ?? []), node]);
    }
    this.checked = new Set([region.entry, ...this.headers, ...dispatched]);
    // The order is one in which what a node leads to forwards comes behind it.
    for (const node of graph.order.toReversed()) if (node !== undefined) this.#longest.set(node, this.#measure(node));
  }

  #measure(node: Node): number {
    const ways = edgesOf(node).map(({ to, completed }) => completed + (to === undefined || this.checked.has(to) ? 0 : (this.#longest.get(to) ?? 0)));
    return Math.max(node.instructions.length, ...ways);
  }

  children(place: Place): readonly Node[] {
    return this.#children.get(place) ?? [];
  }

  forwardEdges(node: Node): readonly Edge[] | undefined {
    if (this.headers.has(node) || this.dispatched.includes(node)) return undefined;
    return this.#forward.get(node);
  }

  longest(node: Node): number {
    return this.#longest.get(node) ?? 0;
  }
}
