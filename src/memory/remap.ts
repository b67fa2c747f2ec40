import { Area, AreaFlag } from "./area.ts";
import { MapError } from "./errors.ts";
import { PAGE_SIZE, TASK_SIZE } from "./layout.ts";
import type { Mappings } from "./mappings.ts";
import { isPageAligned, pageAlign } from "./mappings.ts";
import { MINIMUM_ADDRESS } from "./placement.ts";

/** Flags of mremap(2). */
export const Mremap = { mayMove: 1, fixed: 2, dontUnmap: 4 } as const;

/** mremap(2). Returns the new address. Throws MapError EINVAL, EFAULT, ENOMEM or EPERM. */
export function remap(space: Mappings, oldAddress: number, oldLength: number, newLength: number, flags: number, newAddress: number): number {
  const mayMove = (flags & Mremap.mayMove) !== 0;
  const fixed = (flags & Mremap.fixed) !== 0;
  const dontUnmap = (flags & Mremap.dontUnmap) !== 0;
  const oldSize = pageAlign(oldLength);
  const newSize = pageAlign(newLength);
  if ((flags & ~7) !== 0 || ((fixed || dontUnmap) && !mayMove)) throw new MapError("EINVAL");
  if (dontUnmap && oldSize !== newSize) throw new MapError("EINVAL");
  if (!isPageAligned(oldAddress) || newSize === 0) throw new MapError("EINVAL");
  if (fixed || dontUnmap) {
    if (newSize > TASK_SIZE || (fixed && (!isPageAligned(newAddress) || newAddress > TASK_SIZE - newSize))) {
      throw new MapError("EINVAL");
    }
    if (fixed && oldAddress + oldSize > newAddress && newAddress + newSize > oldAddress) {
      throw new MapError("EINVAL");
    }
    if (fixed && newAddress < MINIMUM_ADDRESS) throw new MapError("EPERM");
  }
  const { areaList } = space;
  let area = areaList.at(oldAddress);
  if (area === undefined) throw new MapError("EFAULT");
  if (oldSize === 0 && !area.shared) throw new MapError("EINVAL");

  let moved = oldSize;
  if (oldSize >= newSize && !fixed && !dontUnmap && oldSize !== 0) {
    if (oldSize > newSize) space.unmap(oldAddress + newSize, oldSize - newSize);
    return oldAddress;
  }
  if (fixed && oldSize > newSize) {
    space.unmap(oldAddress + newSize, oldSize - newSize);
    moved = newSize;
    area = areaList.at(oldAddress);
    if (area === undefined) throw new MapError("EFAULT");
  }
  if (moved > area.end - oldAddress) throw new MapError("EFAULT");
  const growth = newSize - moved;
  if (growth > 0 && (area.flags & AreaFlag.special) !== 0) throw new MapError("EFAULT");
  space.checkSize(dontUnmap ? newSize : growth);
  if ((area.flags & AreaFlag.accounted) !== 0 && growth > space.commitLimit) throw new MapError("ENOMEM");

  const end = oldAddress + moved;
  if (!fixed && !dontUnmap && moved !== 0 && end === area.end) {
    const room = end + growth <= TASK_SIZE && !areaList.overlaps(end, end + growth);
    if (room) {
      area.end += growth;
      areaList.bytes += growth;
      areaList.merge(area.start, area.end);
      return oldAddress;
    }
  }
  if (!mayMove) throw new MapError("ENOMEM");

  if (fixed) space.unmap(newAddress, newSize);
  const reservation = area.prot === 0 || area.noReserve;
  const placement = { length: newSize, reservation, low32: false };
  const hinted = dontUnmap && newAddress !== 0 && space.placer.accepts(pageFloor(newAddress), placement);
  const to = fixed ? newAddress : hinted ? pageFloor(newAddress) : space.placer.choose(placement);
  if (to === undefined) throw new MapError("ENOMEM");
  space.checkSplits(oldAddress, end);
  const source = area;
  const target = new Area(source);
  target.start = to;
  target.end = to + newSize;
  target.offset = source.offset + (oldAddress - source.start);
  areaList.insert(target);
  space.movePages(oldAddress, to, moved);
  if (!dontUnmap && moved > 0) space.unmap(oldAddress, moved);
  areaList.merge(to, to + newSize);
  return to;
}

function pageFloor(address: number): number {
  return Math.floor(address / PAGE_SIZE) * PAGE_SIZE;
}
