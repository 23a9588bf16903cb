/**
 * What a model may be called, as a regular expression: names are parts of addresses, in which what is not ASCII is written in
 * percent signs. A name is of Unicode's normal form C.
 */
export const modelNamePattern = '^[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}._-]{0,99}$';
