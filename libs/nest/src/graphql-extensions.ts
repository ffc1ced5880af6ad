/**
 * What GraphQL shows of an error: graphql-js takes an error's `extensions` over into the reply, whichever driver runs it
 * and also where Nest asks no filter (field resolvers). `code` is the problem's, written as GraphQL writes codes; `detail` is
 * the error's message already.
 */
export function graphqlExtensions<Problem extends { readonly code: string; readonly detail: string }>({
  code,
  detail: _,
  ...rest
}: Problem): GraphqlExtensions<Problem> {
  return { code: code.toUpperCase().replaceAll('-', '_'), ...rest };
}

/** A problem as the `extensions` of a GraphQL error. */
export type GraphqlExtensions<Problem> = { readonly code: string } & Omit<Problem, 'code' | 'detail'>;
