import type { Plugin } from "vite";

export function interpreterStamp(directory?: string): string;
export function stampModule(stamp: string): string;
export function interpreterStampPlugin(): Plugin;
