import type { FastifyReply } from 'fastify';
import { headersOf, type Problem, problemBody, statusOf } from '../problems/problem.ts';

export type SendProblem = (reply: FastifyReply, problem: Problem) => FastifyReply;

/** Answers with a problem; `publicUrl` is where its documentation is. */
export const problemSender =
  (publicUrl: string): SendProblem =>
  (reply, problem) =>
    reply
      .code(statusOf(problem))
      .headers(headersOf(problem))
      .header('content-type', 'application/problem+json')
      .send(Buffer.from(problemBody(problem, publicUrl, reply.request.id))); // bytes: to a text Fastify would add a charset, which JSON has not
