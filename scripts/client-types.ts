import openapiTypeScript, { astToString, COMMENT_HEADER } from 'openapi-typescript';

/** The TypeScript types of an OpenAPI document, as `openapi-typescript` writes them. */
export const clientTypes = async (document: string): Promise<string> =>
  COMMENT_HEADER + astToString(await openapiTypeScript(document));
