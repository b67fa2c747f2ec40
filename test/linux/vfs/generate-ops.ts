/**
 * Writes operations for ops.c and ops.test.ts to standard output: first every operation on every kind of place, then random
 * ones.   npx tsx test/linux/vfs/generate-ops.ts SEED COUNT
 */

const seed = Number(process.argv[2] ?? 1);
const total = Number(process.argv[3] ?? 1000);

let state = seed;
function random(below: number): number {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}
function pick<T>(list: readonly T[]): T {
  return list[random(list.length)] as T;
}

const lines: string[] = [];
const put = (...words: (string | number)[]): void => void lines.push(words.map((word) => (word === "" ? "''" : word)).join(" "));
const octal = (value: number): string => "0" + value.toString(8);

const O = {
  CREAT: 0o100,
  EXCL: 0o200,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  DIRECTORY: 0o200000,
  NOFOLLOW: 0o400000,
  PATH: 0o10000000,
  TMPFILE: 0o20200000,
};

/** A small fixed world, and one odd place of each kind in it. */
function setup(): void {
  for (const dir of ["d", "d/e", "empty", "deep", "deep/a", "deep/a/b", "locked"]) put("mkdir", dir, octal(0o755));
  for (const file of ["f", "d/g", "d/e/h", "hard", "noexec", "suid"]) {
    put("open", 0, file, octal(O.CREAT | 2), octal(0o644));
    put("write", 0, 10);
  }
  put("close", 0);
  put("link", "hard", "hard2", 0);
  const links = {
    lf: "f",
    ld: "d",
    dangling: "nowhere",
    loop: "loop",
    loop1: "loop2",
    loop2: "loop1",
    abs: "/d/e",
    slash: "d/",
    up: "d/../f",
    lld: "ld",
  };
  for (const [name, target] of Object.entries(links)) put("symlink", target, name);
  put("mknod", "fifo", octal(0o010644));
  put("chmod", "noexec", "0");
  put("chmod", "locked", octal(0o500));
  put("chmod", "suid", octal(0o6755));
}

const PLACES = [
  "f",
  "d",
  "empty",
  "d/g",
  "d/e",
  "missing",
  "missing/x",
  "f/x",
  "f/",
  "d/",
  "missing/",
  "lf",
  "ld",
  "lf/",
  "ld/",
  "ld/g",
  "lld/e/h",
  "dangling",
  "dangling/",
  "loop",
  "loop/x",
  "loop1",
  "abs",
  "abs/h",
  "slash",
  "slash/g",
  "up",
  ".",
  "..",
  "/",
  "",
  "d/.",
  "d/..",
  "d/e/..",
  "//d///e//",
  "./f",
  "d/../d/./g",
  "fifo",
  "fifo/",
  "hard",
  "hard2",
  "noexec",
  "locked",
  "locked/x",
  "/../f",
  "suid",
  "x".repeat(255),
  "x".repeat(256),
  "d/" + "y".repeat(300),
  "/".repeat(200) + "f",
];
const MODES = [0, 1, 2, 3];

function systematic(): void {
  for (const place of PLACES) {
    put("stat", place);
    put("lstat", place);
    put("readlink", place);
    for (const mode of [0, 1, 2, 4, 7]) put("access", place, mode);
    put("list", place, 4096);
    put("chdir", place);
    put("getcwd");
    put("chdir", "/");
    put("truncate", place, 5);
    for (const access of MODES) put("open", 1, place, access, 0);
    for (const flags of [
      O.DIRECTORY,
      O.NOFOLLOW,
      O.DIRECTORY | O.NOFOLLOW,
      O.PATH,
      O.PATH | O.NOFOLLOW,
      O.TRUNC,
      O.TRUNC | 2,
      O.APPEND | 2,
      O.TMPFILE | 2,
      O.TMPFILE,
    ]) {
      put("open", 1, place, octal(flags), octal(0o600));
      put("fstat", 1);
    }
  }
  for (const place of PLACES) {
    const fresh = place.startsWith("missing") || place.startsWith("dangling") || /^(?:x|d\/y)/.test(place);
    put("mkdir", place, octal(0o777));
    put("rmdir", place);
    put("symlink", "target", place);
    put("mknod", place, octal(0o100600));
    put("link", "hard", place, 0);
    put("link", place, "newlink", 0);
    put("link", place, "newlink2", 0x400);
    put("unlink", "newlink");
    put("unlink", "newlink2");
    put("open", 2, place, octal(O.CREAT | 2), octal(0o666));
    put("open", 2, place, octal(O.CREAT | O.EXCL | 2), octal(0o666));
    put("open", 2, place, octal(O.CREAT | O.NOFOLLOW | 2), octal(0o666));
    put("open", 2, place, octal(O.CREAT | O.DIRECTORY), octal(0o666));
    if (fresh) put("unlink", place);
    if (place.startsWith("dangling")) put("unlink", "nowhere");
  }
  put("chdir", "deep/a/b");
  put("rmdir", "/deep/a/b");
  put("getcwd");
  put("open", 1, ".", 0, 0);
  put("open", 1, "x", octal(O.CREAT | 2), octal(0o600));
  put("list", ".", 4096);
  put("stat", ".");
  put("stat", "..");
  put("chdir", "..");
  put("getcwd");
  put("chdir", "/");
}

const NAMES = ["a", "b", "c", "d", "e"];
function path(): string {
  const parts = Array.from({ length: 1 + random(3) }, () => (random(12) === 0 ? pick([".", ".."]) : pick(NAMES)));
  return (random(6) === 0 ? "/" : "") + parts.join("/") + (random(14) === 0 ? "/" : "");
}

function anything(): void {
  const slot = random(4);
  switch (random(26)) {
    case 0:
    case 1:
    case 2:
      return put("mkdir", path(), octal(pick([0o755, 0o777, 0o700, 0o1777, 0o2755])));
    case 3:
    case 4:
    case 5:
    case 6: {
      const flags =
        random(4) |
        (random(2) && O.CREAT) |
        (random(5) ? 0 : O.EXCL) |
        (random(4) ? 0 : O.TRUNC) |
        (random(4) ? 0 : O.APPEND) |
        (random(8) ? 0 : O.DIRECTORY) |
        (random(8) ? 0 : O.NOFOLLOW);
      return put("open", slot, path(), octal(flags), octal(pick([0o644, 0o666, 0o600, 0o400])));
    }
    case 7:
      return put("close", slot);
    case 8:
    case 9:
      return put("write", slot, random(9000));
    case 10:
      return put("pwrite", slot, random(9000), random(20000));
    case 11:
      return put("read", slot, random(9000));
    case 12:
      return put("seek", slot, random(20000) - 1000, random(5));
    case 13:
      return random(2) ? put("ftruncate", slot, random(20000) - 100) : put("truncate", path(), random(20000));
    case 14:
      return put("fallocate", slot, pick([0, 1, 3]), random(20000), 1 + random(9000));
    case 15:
      return put("fstat", slot);
    case 16:
      return put(pick(["stat", "lstat"]), path());
    case 17:
      return put("rmdir", path());
    case 18:
      return put("unlink", path());
    case 19:
    case 20:
      return put("rename", path(), path(), pick([0, 0, 0, 1, 2]));
    case 21:
      return put("link", path(), path(), pick([0, 0x400]));
    case 22:
      return put("symlink", path(), path());
    case 23:
      return random(2)
        ? put("chmod", path(), octal(pick([0o755, 0o777, 0o444, 0o1777, 0, 0o300, 0o500])))
        : put("fchmod", slot, octal(pick([0o644, 0o4755])));
    case 24:
      return put("chdir", random(3) ? path() : "/");
    default:
      return pick([
        () => put("list", path(), pick([60, 4096])),
        () => put("getcwd"),
        () => put("readlink", path()),
        () => put("access", path(), random(8)),
      ])();
  }
}

setup();
systematic();
for (let i = 0; i < total; i++) anything();
console.log(lines.join("\n"));
