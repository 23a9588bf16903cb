/**
 * SipHash-2-4, with which TensorFlow hashes strings under a key (`tf.strings.to_hash_bucket_strong`).
 * J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", 2012.
 */

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const rotate = (value: bigint, by: bigint): bigint => u64((value << by) | (value >> (64n - by)));

class State {
  private v0: bigint;
  private v1: bigint;
  private v2: bigint;
  private v3: bigint;

  constructor([first, second]: readonly [bigint, bigint]) {
    this.v0 = first ^ 0x736f6d6570736575n;
    this.v1 = second ^ 0x646f72616e646f6dn;
    this.v2 = first ^ 0x6c7967656e657261n;
    this.v3 = second ^ 0x7465646279746573n;
  }

  private rounds(count: number): void {
    for (let round = 0; round < count; round++) {
      this.v0 = u64(this.v0 + this.v1);
      this.v1 = rotate(this.v1, 13n) ^ this.v0;
      this.v0 = rotate(this.v0, 32n);
      this.v2 = u64(this.v2 + this.v3);
      this.v3 = rotate(this.v3, 16n) ^ this.v2;
      this.v0 = u64(this.v0 + this.v3);
      this.v3 = rotate(this.v3, 21n) ^ this.v0;
      this.v2 = u64(this.v2 + this.v1);
      this.v1 = rotate(this.v1, 17n) ^ this.v2;
      this.v2 = rotate(this.v2, 32n);
    }
  }

  add(word: bigint): void {
    this.v3 ^= word;
    this.rounds(2);
    this.v0 ^= word;
  }

  finish(): bigint {
    this.v2 ^= 0xffn;
    this.rounds(4);
    return this.v0 ^ this.v1 ^ this.v2 ^ this.v3;
  }
}

/** The hash of a string under a key, from 0 to 2⁶⁴ − 1. */
export function siphash24({ buffer, byteOffset, length }: Uint8Array, key: readonly [bigint, bigint]): bigint {
  const view = new DataView(buffer, byteOffset, length);
  const state = new State(key);
  const end = length & ~7;
  for (let at = 0; at < end; at += 8) state.add(view.getBigUint64(at, true));
  let last = BigInt(length & 0xff) << 56n;
  for (let at = end; at < length; at++) last |= BigInt(view.getUint8(at)) << BigInt(8 * (at - end));
  state.add(last);
  return state.finish();
}
