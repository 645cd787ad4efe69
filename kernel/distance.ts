// Distances of a query to a batch of slots: four vectors at a time, so that four cache misses are under way at once.
// What is computed grows with the distance and is cheaper: the squared length for euclidean, minus the product for dot and
// cosine (whose vectors have length 1).

import {
  EUCLIDEAN,
  exactAt,
  F16,
  I8,
  MANHATTAN,
  METRIC,
  PADDED,
  P_CODES,
  P_QUERY,
  P_QUERY_SCALE,
  P_QUERY_SUM,
  S_SCALE,
  S_SUM,
  STORAGE,
  slotAt,
  strideOfExact,
  VECTOR,
  vectorAt,
} from "./header";

/** Sums of the lanes of four vectors. */
@inline
function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** a * b + c. */
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<f32>(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

@inline
function square(a: v128, sum: v128): v128 {
  return madd(a, a, sum);
}

@inline
function euclidean4(q: usize, a: usize, b: usize, c: usize, d: usize, size: usize): v128 {
  let sa = f32x4.splat(0);
  let sb = f32x4.splat(0);
  let sc = f32x4.splat(0);
  let sd = f32x4.splat(0);
  let ta = f32x4.splat(0);
  let tb = f32x4.splat(0);
  let tc = f32x4.splat(0);
  let td = f32x4.splat(0);
  for (const end = q + (size & ~63); q != end; ) {
    const q0 = v128.load(q);
    sa = square(f32x4.sub(q0, v128.load(a)), sa);
    sb = square(f32x4.sub(q0, v128.load(b)), sb);
    sc = square(f32x4.sub(q0, v128.load(c)), sc);
    sd = square(f32x4.sub(q0, v128.load(d)), sd);
    const q16 = v128.load(q, 16);
    ta = square(f32x4.sub(q16, v128.load(a, 16)), ta);
    tb = square(f32x4.sub(q16, v128.load(b, 16)), tb);
    tc = square(f32x4.sub(q16, v128.load(c, 16)), tc);
    td = square(f32x4.sub(q16, v128.load(d, 16)), td);
    const q32 = v128.load(q, 32);
    sa = square(f32x4.sub(q32, v128.load(a, 32)), sa);
    sb = square(f32x4.sub(q32, v128.load(b, 32)), sb);
    sc = square(f32x4.sub(q32, v128.load(c, 32)), sc);
    sd = square(f32x4.sub(q32, v128.load(d, 32)), sd);
    const q48 = v128.load(q, 48);
    ta = square(f32x4.sub(q48, v128.load(a, 48)), ta);
    tb = square(f32x4.sub(q48, v128.load(b, 48)), tb);
    tc = square(f32x4.sub(q48, v128.load(c, 48)), tc);
    td = square(f32x4.sub(q48, v128.load(d, 48)), td);
    a += 64;
    b += 64;
    c += 64;
    d += 64;
    q += 64;
  }
  if (size & 32) {
    const q0 = v128.load(q);
    sa = square(f32x4.sub(q0, v128.load(a)), sa);
    sb = square(f32x4.sub(q0, v128.load(b)), sb);
    sc = square(f32x4.sub(q0, v128.load(c)), sc);
    sd = square(f32x4.sub(q0, v128.load(d)), sd);
    const q16 = v128.load(q, 16);
    ta = square(f32x4.sub(q16, v128.load(a, 16)), ta);
    tb = square(f32x4.sub(q16, v128.load(b, 16)), tb);
    tc = square(f32x4.sub(q16, v128.load(c, 16)), tc);
    td = square(f32x4.sub(q16, v128.load(d, 16)), td);
  }
  return sums(f32x4.add(sa, ta), f32x4.add(sb, tb), f32x4.add(sc, tc), f32x4.add(sd, td));
}

@inline
function manhattan4(q: usize, a: usize, b: usize, c: usize, d: usize, size: usize): v128 {
  let sa = f32x4.splat(0);
  let sb = f32x4.splat(0);
  let sc = f32x4.splat(0);
  let sd = f32x4.splat(0);
  for (let i: usize = 0; i < size; i += 16) {
    const q0 = v128.load(q + i);
    sa = f32x4.add(f32x4.abs(f32x4.sub(v128.load(a + i), q0)), sa);
    sb = f32x4.add(f32x4.abs(f32x4.sub(v128.load(b + i), q0)), sb);
    sc = f32x4.add(f32x4.abs(f32x4.sub(v128.load(c + i), q0)), sc);
    sd = f32x4.add(f32x4.abs(f32x4.sub(v128.load(d + i), q0)), sd);
  }
  return sums(sa, sb, sc, sd);
}

@inline
function dot4(q: usize, a: usize, b: usize, c: usize, d: usize, size: usize): v128 {
  let sa = f32x4.splat(0);
  let sb = f32x4.splat(0);
  let sc = f32x4.splat(0);
  let sd = f32x4.splat(0);
  let ta = f32x4.splat(0);
  let tb = f32x4.splat(0);
  let tc = f32x4.splat(0);
  let td = f32x4.splat(0);
  for (let i: usize = 0; i < size; i += 32) {
    const q0 = v128.load(q + i);
    sa = madd(v128.load(a + i), q0, sa);
    sb = madd(v128.load(b + i), q0, sb);
    sc = madd(v128.load(c + i), q0, sc);
    sd = madd(v128.load(d + i), q0, sd);
    const q1 = v128.load(q + i, 16);
    ta = madd(v128.load(a + i, 16), q1, ta);
    tb = madd(v128.load(b + i, 16), q1, tb);
    tc = madd(v128.load(c + i, 16), q1, tc);
    td = madd(v128.load(d + i, 16), q1, td);
  }
  return f32x4.neg(sums(f32x4.add(sa, ta), f32x4.add(sb, tb), f32x4.add(sc, tc), f32x4.add(sd, td)));
}

@inline
function floats4(q: usize, a: usize, b: usize, c: usize, d: usize, size: usize): v128 {
  if (METRIC == EUCLIDEAN) return euclidean4(q, a, b, c, d, size);
  if (METRIC == MANHATTAN) return manhattan4(q, a, b, c, d, size);
  return dot4(q, a, b, c, d, size);
}

/** Half floats have a fifth of the exponents: shifted into place, they are 2^112 too small. */
@inline
function widen(halves: v128): v128 {
  return v128.and(i32x4.shl(halves, 13), i32x4.splat(0x8fffe000));
}

@inline
function half(at: usize): v128 {
  return f32x4.mul(widen(v128.load_ext<i16>(at)), f32x4.splat(5.192296858534828e33));
}

/** The difference to a query. */
@inline
function halfFrom(at: usize, q: v128): v128 {
  return f32x4.sub(half(at), q);
}

@inline
function halves4(q: usize, a: usize, b: usize, c: usize, d: usize, size: usize): v128 {
  let sa = f32x4.splat(0);
  let sb = f32x4.splat(0);
  let sc = f32x4.splat(0);
  let sd = f32x4.splat(0);
  if (METRIC == EUCLIDEAN) {
    for (let i: usize = 0; i < size; i += 8) {
      const q0 = v128.load(q + (i << 1));
      sa = square(halfFrom(a + i, q0), sa);
      sb = square(halfFrom(b + i, q0), sb);
      sc = square(halfFrom(c + i, q0), sc);
      sd = square(halfFrom(d + i, q0), sd);
    }
    return sums(sa, sb, sc, sd);
  }
  if (METRIC == MANHATTAN) {
    for (let i: usize = 0; i < size; i += 8) {
      const q0 = v128.load(q + (i << 1));
      sa = f32x4.add(f32x4.abs(halfFrom(a + i, q0)), sa);
      sb = f32x4.add(f32x4.abs(halfFrom(b + i, q0)), sb);
      sc = f32x4.add(f32x4.abs(halfFrom(c + i, q0)), sc);
      sd = f32x4.add(f32x4.abs(halfFrom(d + i, q0)), sd);
    }
    return sums(sa, sb, sc, sd);
  }
  for (let i: usize = 0; i < size; i += 8) {
    const q0 = v128.load(q + (i << 1));
    sa = madd(half(a + i), q0, sa);
    sb = madd(half(b + i), q0, sb);
    sc = madd(half(c + i), q0, sc);
    sd = madd(half(d + i), q0, sd);
  }
  return f32x4.neg(sums(sa, sb, sc, sd));
}

@inline
function isums(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i32>(ab, cd, 0, 1, 4, 5), v128.shuffle<i32>(ab, cd, 2, 3, 6, 7));
}

/** Products of codes of a byte with codes of 12 bits: the query loses next to nothing. */
@inline
function codes4(q: usize, a: usize, b: usize, c: usize, d: usize, size: usize): v128 {
  let sa = i32x4.splat(0);
  let sb = i32x4.splat(0);
  let sc = i32x4.splat(0);
  let sd = i32x4.splat(0);
  for (let i: usize = 0; i < size; i += 8) {
    const q0 = v128.load(q + (i << 1));
    sa = i32x4.add(i32x4.dot_i16x8_s(v128.load_ext<i8>(a + i), q0), sa);
    sb = i32x4.add(i32x4.dot_i16x8_s(v128.load_ext<i8>(b + i), q0), sb);
    sc = i32x4.add(i32x4.dot_i16x8_s(v128.load_ext<i8>(c + i), q0), sc);
    sd = i32x4.add(i32x4.dot_i16x8_s(v128.load_ext<i8>(d + i), q0), sd);
  }
  return f32x4.convert_i32x4_s(isums(sa, sb, sc, sd));
}

/** Sums of absolute differences of codes that share the index's scale are no use: each vector has its own. */
@inline
function manhattanCodes(q: usize, at: usize, scale: f32, size: usize): f32 {
  const factor = f32x4.splat(scale);
  let sum = f32x4.splat(0);
  for (let i: usize = 0; i < size; i += 8) {
    const codes = v128.load_ext<i8>(at + i);
    const low = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(codes)), factor);
    const high = f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(codes)), factor);
    sum = f32x4.add(f32x4.abs(f32x4.sub(low, v128.load(q + (i << 2)))), sum);
    sum = f32x4.add(f32x4.abs(f32x4.sub(high, v128.load(q + (i << 2), 16))), sum);
  }
  return (
    f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3)
  );
}

/** Distances of codes; the query and its codes are those of the place. */
function codeDistances(place: usize, ids: usize, count: u32, out: usize): void {
  const q = place + P_CODES;
  const size: usize = PADDED;
  if (METRIC == MANHATTAN) {
    for (let i: u32 = 0; i < count; i++) {
      const slot = load<u32>(ids + (<usize>i << 2));
      const scale = load<f32>(slotAt(slot), S_SCALE);
      store<f32>(out + (<usize>i << 2), manhattanCodes(place + P_QUERY, vectorAt(slot), scale, size));
    }
    return;
  }
  const scaleOfQuery = load<f32>(place, P_QUERY_SCALE);
  const sumOfQuery = load<f32>(place, P_QUERY_SUM);
  for (let i: u32 = 0; i < count; i += 4) {
    const at = ids + (<usize>i << 2);
    const s0 = slotAt(load<u32>(at));
    const s1 = slotAt(load<u32>(at, 4));
    const s2 = slotAt(load<u32>(at, 8));
    const s3 = slotAt(load<u32>(at, 12));
    const offset = VECTOR;
    let products = codes4(q, s0 + offset, s1 + offset, s2 + offset, s3 + offset, size);
    let scales = f32x4.splat(load<f32>(s0, S_SCALE));
    scales = f32x4.replace_lane(scales, 1, load<f32>(s1, S_SCALE));
    scales = f32x4.replace_lane(scales, 2, load<f32>(s2, S_SCALE));
    scales = f32x4.replace_lane(scales, 3, load<f32>(s3, S_SCALE));
    products = f32x4.mul(f32x4.mul(products, scales), f32x4.splat(scaleOfQuery));
    if (METRIC == EUCLIDEAN) {
      let lengths = f32x4.splat(load<f32>(s0, S_SUM));
      lengths = f32x4.replace_lane(lengths, 1, load<f32>(s1, S_SUM));
      lengths = f32x4.replace_lane(lengths, 2, load<f32>(s2, S_SUM));
      lengths = f32x4.replace_lane(lengths, 3, load<f32>(s3, S_SUM));
      const both = f32x4.add(lengths, f32x4.splat(sumOfQuery));
      v128.store(out + (<usize>i << 2), f32x4.sub(both, f32x4.add(products, products)));
    } else v128.store(out + (<usize>i << 2), f32x4.neg(products));
  }
}

/** Fills up a batch to a multiple of four with its last slot. */
@inline
function pad(ids: usize, count: u32): void {
  if ((count & 3) == 0) return;
  const last = load<u32>(ids + (<usize>(count - 1) << 2));
  const end = ids + (<usize>count << 2);
  store<u32>(end, last);
  store<u32>(end, last, 4);
  store<u32>(end, last, 8);
}

/** How the slots of a batch are compared: with what searches walk over, or exactly. */
export function searchDistances(place: usize, ids: usize, count: u32, out: usize): void {
  if (count == 0) return;
  if (STORAGE == I8) {
    pad(ids, count);
    codeDistances(place, ids, count, out);
  } else exactDistances(place + P_QUERY, ids, count, out);
}

/** Distances of `count` slots at `ids` to the floats at `q`; there is room for three more of each. Hot. */
export function exactDistances(q: usize, ids: usize, count: u32, out: usize): void {
  if (count == 0) return;
  pad(ids, count);
  const size: usize = <usize>PADDED << 2;
  if (STORAGE == F16) {
    for (let i: usize = 0, end = <usize>count << 2; i < end; i += 16) {
      const a = vectorAt(load<u32>(ids + i));
      const b = vectorAt(load<u32>(ids + i, 4));
      const c = vectorAt(load<u32>(ids + i, 8));
      const d = vectorAt(load<u32>(ids + i, 12));
      v128.store(out + i, halves4(q, a, b, c, d, size >> 1));
    }
    return;
  }
  for (let i: usize = 0, end = <usize>count << 2; i < end; i += 16) {
    const a = exactAt(load<u32>(ids + i));
    const b = exactAt(load<u32>(ids + i, 4));
    const c = exactAt(load<u32>(ids + i, 8));
    const d = exactAt(load<u32>(ids + i, 12));
    v128.store(out + i, floats4(q, a, b, c, d, size));
  }
}

/** Distances of `count` slots from `slot` on, multiples of four in one chunk, to the floats at `q`. Hot. */
export function rowDistances(q: usize, slot: u32, count: u32, out: usize): void {
  const size: usize = <usize>PADDED << 2;
  const stride = strideOfExact();
  let a = exactAt(slot);
  for (const end = out + (<usize>count << 2); out != end; out += 16) {
    const b = a + stride;
    const c = b + stride;
    const d = c + stride;
    if (STORAGE == F16) v128.store(out, halves4(q, a, b, c, d, size >> 1));
    else v128.store(out, floats4(q, a, b, c, d, size));
    a = d + stride;
  }
}

/** Address of the floats of a slot's vector: its own, or at `wide` when they are stored narrower. */
export function floatsOf(slot: u32, wide: usize): usize {
  if (STORAGE != F16) return exactAt(slot);
  const at = vectorAt(slot);
  for (let i: usize = 0, size = <usize>PADDED << 1; i < size; i += 8) v128.store(wide + (i << 1), half(at + i));
  return wide;
}

/** Whether one of the slots at `ids` is nearer than `limit` to the floats at `q`; there is room for three more. Hot. */
export function isAnyNearer(q: usize, ids: usize, count: u32, limit: f32, out: usize): bool {
  for (let i: u32 = 0; i < count; i += 4) {
    exactDistances(q, ids + (<usize>i << 2), min(count - i, 4), out);
    const found = f32x4.lt(v128.load(out), f32x4.splat(limit));
    if (v128.any_true(found)) return true;
  }
  return false;
}
