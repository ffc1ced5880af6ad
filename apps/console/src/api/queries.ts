import { useMutation, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query';
import { call, type ApiError, type Call } from './client.ts';
import type { Role, Schemas } from './types.ts';

const ROLES: readonly Role[] = ['viewer', 'operator', 'admin'];

interface Reading {
  readonly query?: Call['query'];
  /** Asked again so often. */
  readonly everyMs?: number;
  readonly isOn?: boolean;
}

export function useRead<T>(path: string, reading: Reading = {}): UseQueryResult<T, ApiError> {
  const { query, everyMs, isOn = true } = reading;
  return useQuery<T, ApiError>({
    queryKey: [path, query ?? {}],
    enabled: isOn,
    refetchInterval: everyMs ?? false,
    queryFn: async () => {
      const isBackground = everyMs !== undefined;
      return (await call<T>(path, { isBackground, ...(query && { query }) })).data;
    },
  });
}

export interface Write extends Call {
  readonly path: string;
}

/** A change; what the pages show is asked for again when it is made. */
export function useWrite<T = unknown>(done?: (data: T) => void) {
  const client = useQueryClient();
  return useMutation<T, ApiError, Write>({
    mutationFn: async ({ path, ...options }) => (await call<T>(path, options)).data,
    onSuccess: async (data) => {
      done?.(data);
      await client.invalidateQueries();
    },
  });
}

export function useMe() {
  return useRead<Schemas['Me']>('/admin/me');
}

/** Whether the reader may do what needs this role. */
export function useMay(needed: Role): boolean {
  const { data } = useMe();
  return data !== undefined && ROLES.indexOf(data.role) >= ROLES.indexOf(needed);
}
