import type { FastifyPluginAsync } from 'fastify';
import { Type } from 'typebox';
import { LaterHeaders } from '../../schemas/jobs.js';
import {
  InferenceHeaders,
  InferenceRequest,
  InferenceResponse,
  RequestInput,
  RequestOutput,
  ResponseOutput,
} from '../../schemas/open-inference.js';
import { protocolErrorReplies, runErrors } from '../../schemas/protocol-error.js';
import { referTo } from '../../schemas/reference.js';
import { answer } from '../../src/http/answer.js';
import { rawBodyOf } from '../../src/http/bodies.js';
import { kerasServeOf } from '../../src/http/keras-serve.js';
import { leaseModel } from '../../src/http/lease-model.js';
import { leaveChecking } from '../../src/http/protocol-routes.js';
import { allInGroup } from '../../src/http/route-group.js';
import { type InferenceAddress, openInference } from '../../src/protocols/open-inference/protocol.js';
import { tags, ways } from './open-inference-ways.js';

const binaryBody = {
  type: 'string',
  format: 'binary',
  description: 'The JSON, as many bytes as the header `Inference-Header-Content-Length` says, then the tensors.',
};

/** `POST /v2/models/{model}[/versions/{version}]/infer`. */
const infer: FastifyPluginAsync = async (app) => {
  const parts = kerasServeOf(app);
  allInGroup(app, 'predict');
  const leaseOf = leaseModel(app, ({ params }) => openInference.lease(parts.serving, params as InferenceAddress));
  for (const schema of [RequestInput, RequestOutput, InferenceRequest, ResponseOutput, InferenceResponse])
    app.addSchema(schema);
  leaveChecking(app);

  for (const { path, suffix, params, which } of ways)
    app.post(
      `/models/:model${path}/infer`,
      {
        schema: {
          operationId: `infer${suffix}`,
          tags,
          summary: `Run ${which}`,
          description:
            'Tensors in, tensors out. Their elements are in the JSON, or follow it as bytes (the binary tensor data extension); ' +
            'so are those of the reply. A model that takes images also takes image files, as BYTES.',
          params,
          headers: Type.Interface([InferenceHeaders, LaterHeaders], {}),
          body: {
            content: {
              'application/json': { schema: referTo(InferenceRequest) },
              'application/octet-stream': { schema: binaryBody },
            },
          },
          response: {
            200: {
              description: 'What the model gave.',
              content: {
                'application/json': { schema: referTo(InferenceResponse) },
                'application/octet-stream': { schema: binaryBody },
              },
            },

            ...protocolErrorReplies(...runErrors),
          },
        },
      },
      async (request, reply) => {
        const message = {
          modelName: (request.params as InferenceAddress).model,
          jsonLength: request.headers['inference-header-content-length'] as string | undefined,
          body: rawBodyOf(request),
        };
        return answer(openInference, parts, leaseOf(request), message, reply);
      },
    );
};

export default infer;
