/** What a model may be called, as a regular expression: names are parts of addresses. */
export const modelNamePattern = '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$';
