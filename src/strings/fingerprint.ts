/**
 * FarmHash's 64-bit fingerprint, with which TensorFlow hashes strings (`tf.strings.to_hash_bucket_fast`): the same number on every
 * machine, for ever. https://github.com/google/farmhash
 */

const k0 = 0xc3a5c85c97cb3127n;
const k1 = 0xb492b66fbe98f273n;
const k2 = 0x9ae16a3b2f90404fn;

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate = (value: bigint, by: bigint): bigint => u64((value >> by) | (value << (64n - by)));
const shiftMix = (value: bigint): bigint => value ^ (value >> 47n);

/** Two halves to one, by a multiplier. */
function join(u: bigint, v: bigint, multiplier: bigint): bigint {
  const a = shiftMix(u64((u ^ v) * multiplier));
  return u64(shiftMix(u64((v ^ a) * multiplier)) * multiplier);
}

type Pair = readonly [bigint, bigint];

/** 32 bytes from a place on and two seeds, to two numbers. */
function weakHash32(view: DataView, at: number, seedA: bigint, seedB: bigint): Pair {
  const [w, x, y, z] = [0, 8, 16, 24].map((offset) => view.getBigUint64(at + offset, true)) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const a = u64(seedA + w);
  const b = rotate(u64(seedB + a + z), 21n);
  const c = u64(a + x + y);
  return [u64(c + z), u64(b + rotate(c, 44n) + a)];
}

function upTo16(view: DataView, length: number): bigint {
  const multiplier = k2 + 2n * BigInt(length);
  if (length >= 8) {
    const a = u64(view.getBigUint64(0, true) + k2);
    const b = view.getBigUint64(length - 8, true);
    const c = u64(rotate(b, 37n) * multiplier + a);
    const d = u64((rotate(a, 25n) + b) * multiplier);
    return join(c, d, u64(multiplier));
  }
  if (length >= 4) {
    const a = BigInt(view.getUint32(0, true));
    return join(u64(BigInt(length) + (a << 3n)), BigInt(view.getUint32(length - 4, true)), u64(multiplier));
  }
  if (length === 0) return k2;
  const y = BigInt(view.getUint8(0) + view.getUint8(length >> 1) * 256);
  const z = BigInt(length + view.getUint8(length - 1) * 4);
  return u64(shiftMix(u64(y * k2) ^ u64(z * k0)) * k2);
}

function upTo32(view: DataView, length: number): bigint {
  const multiplier = u64(k2 + 2n * BigInt(length));
  const a = u64(view.getBigUint64(0, true) * k1);
  const b = view.getBigUint64(8, true);
  const c = u64(view.getBigUint64(length - 8, true) * multiplier);
  const d = u64(view.getBigUint64(length - 16, true) * k2);
  const first = u64(rotate(u64(a + b), 43n) + rotate(c, 30n) + d);
  return join(first, u64(a + rotate(u64(b + k2), 18n) + c), multiplier);
}

function upTo64(view: DataView, length: number): bigint {
  const multiplier = u64(k2 + 2n * BigInt(length));
  const a = u64(view.getBigUint64(0, true) * k2);
  const b = view.getBigUint64(8, true);
  const c = u64(view.getBigUint64(length - 8, true) * multiplier);
  const d = u64(view.getBigUint64(length - 16, true) * k2);
  const y = u64(rotate(u64(a + b), 43n) + rotate(c, 30n) + d);
  const z = join(y, u64(a + rotate(u64(b + k2), 18n) + c), multiplier);
  const e = u64(view.getBigUint64(16, true) * multiplier);
  const f = view.getBigUint64(24, true);
  const g = u64((y + view.getBigUint64(length - 32, true)) * multiplier);
  const h = u64((z + view.getBigUint64(length - 24, true)) * multiplier);
  const first = u64(rotate(u64(e + f), 43n) + rotate(g, 30n) + h);
  return join(first, u64(e + rotate(u64(f + a), 18n) + g), multiplier);
}

/** What is mixed with the last 64 bytes of a string, by another multiplier than with those before it. */
interface State {
  x: bigint;
  y: bigint;
  z: bigint;
  v: Pair;
  w: Pair;
}

function mix64({ x, y, z, v, w }: State, view: DataView, at: number, multiplier: bigint, factor: bigint): State {
  const fetch = (offset: number) => view.getBigUint64(at + offset, true);
  const mixedX = u64(rotate(u64(x + y + v[0] + fetch(8)), 37n) * multiplier) ^ u64(w[1] * factor);
  const mixedY = u64(u64(rotate(u64(y + v[1] + fetch(48)), 42n) * multiplier) + v[0] * factor + fetch(40));
  const mixedZ = u64(rotate(u64(z + w[0]), 33n) * multiplier);
  return {
    x: mixedZ,
    y: mixedY,
    z: mixedX,
    v: weakHash32(view, at, u64(v[1] * multiplier), u64(mixedX + w[0])),
    w: weakHash32(view, at + 32, u64(mixedZ + w[1]), u64(mixedY + fetch(16))),
  };
}

function longer(view: DataView, length: number): bigint {
  const seed = 81n;
  const y = u64(seed * k1 + 113n);
  let state: State = {
    x: u64(seed * k2 + view.getBigUint64(0, true)),
    y,
    z: u64(shiftMix(u64(y * k2 + 113n)) * k2),
    v: [0n, 0n],
    w: [0n, 0n],
  };
  const end = (length - 1) & ~63;
  for (let at = 0; at < end; at += 64) state = mix64(state, view, at, k1, 1n);
  const multiplier = u64(k1 + ((state.z & 0xffn) << 1n));
  const w0 = u64(state.w[0] + BigInt((length - 1) & 63));
  const v0 = u64(state.v[0] + w0);
  const last = { ...state, v: [v0, state.v[1]] as const, w: [u64(w0 + v0), state.w[1]] as const };
  const { x, y: b, z, v, w } = mix64(last, view, length - 64, multiplier, 9n);
  // The two were swapped behind the last 64 bytes, too.
  const first = u64(join(v[0], w[0], multiplier) + u64(shiftMix(b) * k0) + z);
  return join(first, u64(join(v[1], w[1], multiplier) + x), multiplier);
}

/** The fingerprint of a string, from 0 to 2⁶⁴ − 1. */
export function fingerprint64({ buffer, byteOffset, length }: Uint8Array): bigint {
  const view = new DataView(buffer, byteOffset, length);
  if (length <= 16) return upTo16(view, length);
  if (length <= 32) return upTo32(view, length);
  return length <= 64 ? upTo64(view, length) : longer(view, length);
}

const crossing = 0xc6a4a7935bd1e995n;

/** TensorFlow's `FingerprintCat64`: two fingerprints to one. */
export function joinFingerprints(first: bigint, second: bigint): bigint {
  const mixed = u64(shiftMix(u64(second * crossing)) * crossing);
  const joined = u64((first ^ crossing ^ mixed) * crossing);
  return shiftMix(u64(shiftMix(joined) * crossing));
}
