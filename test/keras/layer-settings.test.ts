/** Every setting of a layer is understood, or its model is refused. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
