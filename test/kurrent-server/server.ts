/**
 * A server that speaks KurrentDB's protocol over a journal in SQLite, so that the adapter is run through the official
 * client without a KurrentDB. It is as unkind as the real one where that matters, and has faults that tests set. It is no
 * substitute for one: no cluster, no persistent subscriptions, no projections, no users but one.
 */
import { layer as sqliteLayer } from "@concordat/adapters/sqlite/Sqlite"
import { Journal } from "@concordat/engine/ports/Journal"
import grpc from "@grpc/grpc-js"
import type { ServerUnaryCall, UntypedHandleCall, sendUnaryData } from "@grpc/grpc-js"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Layer from "effect/Layer"
import { appendSession, batchAppend } from "./appends.ts"
import { Faults } from "./faults.ts"
import { Log } from "./log.ts"
import { exception, FEATURES, GOSSIP, MANY, STREAMS } from "./protocol.ts"
import { read } from "./reads.ts"

export interface ServerOptions {
  /** `:memory:` is the default. */
  readonly path?: string
  /** 0, the default: a free one. */
  readonly port?: number
  /** Whether it appends to several streams at once, as KurrentDB does from 25.1 on. */
  readonly many: boolean
  /** What it says of itself. Default: 25.1.0 or, where it appends to one stream at a time, 23.10.8. */
  readonly version?: string
  /** Bytes of one append. Default: 1 MiB, or 256 MiB where it appends to several streams. */
  readonly maxAppendSize?: number
  /** Encrypts, and lets in whoever shows this user and password. */
  readonly tls?: {
    readonly key: Buffer
    readonly certificate: Buffer
    readonly user: string
    readonly password: string
  }
}

export interface KurrentServer {
  readonly port: number
  /** `host:port`. */
  readonly address: string
  /** Without credentials or TLS. */
  readonly connectionString: string
  readonly faults: Faults
  readonly log: Log
  /** Breaks all connections; new ones are taken at once. */
  readonly drop: () => Promise<void>
  readonly stop: () => Promise<void>
}

const MIB = 1024 * 1024
/** Kestrel's default, which the server does not change. */
const STREAMS_PER_CONNECTION = 100

const featuresOf = (service: object): ReadonlyArray<object> =>
  Object.values(service as Record<string, { readonly path: string }>).map(({ path }) => {
    const [, name = "", method = ""] = path.toLowerCase().split("/")
    const features = method === "read" ? ["position", "events"] : method === "batchappend" ? ["deadline_duration"] : []
    return { service_name: name, method_name: method, features }
  })

export const startServer = async (options: ServerOptions): Promise<KurrentServer> => {
  const runtime = ManagedRuntime.make(
    sqliteLayer({ path: options.path ?? ":memory:", inPlace: options.path === undefined }).pipe(Layer.orDie),
  )
  const journal = await runtime.runPromise(Journal)
  const faults = new Faults()
  const log = new Log(journal)
  const maxAppendSize = options.maxAppendSize ?? (options.many ? 256 * MIB : MIB)
  let server: grpc.Server
  let port = options.port ?? 0

  const login =
    options.tls === undefined
      ? null
      : `Basic ${Buffer.from(`${options.tls.user}:${options.tls.password}`).toString("base64")}`
  /** Lets nobody in who does not show the password. */
  const guarded = (handler: UntypedHandleCall): UntypedHandleCall =>
    ((
      call: { metadata: grpc.Metadata; emit: (name: string, error: object) => void },
      callback?: (error: object) => void,
    ) => {
      if (login !== null && call.metadata.get("authorization")[0] !== login) {
        const denied = exception(grpc.status.PERMISSION_DENIED, "access-denied")
        return callback === undefined ? call.emit("error", denied) : callback(denied)
      }
      return (handler as (call: object, callback?: object) => void)(call, callback)
    }) as UntypedHandleCall

  const appends = { log, faults, maxAppendSize, dropConnections: () => void drop() }
  const handlers: ReadonlyArray<readonly [grpc.ServiceDefinition, Record<string, UntypedHandleCall>]> = [
    [
      FEATURES,
      {
        GetSupportedMethods: (_call: ServerUnaryCall<object, object>, callback: sendUnaryData<object>) =>
          callback(null, {
            event_store_server_version: options.version ?? (options.many ? "25.1.0" : "23.10.8"),
            methods: [STREAMS, ...(options.many ? [MANY] : [])].flatMap(featuresOf),
          }),
      },
    ],
    [
      GOSSIP,
      {
        Read: (_call: ServerUnaryCall<object, object>, callback: sendUnaryData<object>) => {
          faults.seen.gossips += 1
          const member = { state: 8, is_alive: true, http_end_point: { address: "localhost", port }, time_stamp: "0" }
          callback(null, { members: [{ ...member, instance_id: { string: "00000000-0000-0000-0000-000000000001" } }] })
        },
      },
    ],
    [
      STREAMS,
      {
        Read: guarded(read({ log, faults, isOld: !options.many }) as UntypedHandleCall),
        BatchAppend: guarded(batchAppend(appends) as UntypedHandleCall),
      },
    ],
    ...(options.many ? [[MANY, { AppendSession: guarded(appendSession(appends) as UntypedHandleCall) }] as const] : []),
  ]

  const listen = async (): Promise<void> => {
    server = new grpc.Server({
      "grpc.max_concurrent_streams": STREAMS_PER_CONNECTION,
      "grpc.max_receive_message_length": 16 * MIB - 10_000,
      // The next one takes the same port.
      "grpc.so_reuseport": 0,
    })
    for (const [service, implementation] of handlers) server.addService(service, implementation)
    const credentials =
      options.tls === undefined
        ? grpc.ServerCredentials.createInsecure()
        : grpc.ServerCredentials.createSsl(null, [
            { private_key: options.tls.key, cert_chain: options.tls.certificate },
          ])
    port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => (error ? reject(error) : resolve(bound)))
    })
  }
  const drop = async (): Promise<void> => {
    server.forceShutdown()
    await listen()
  }

  await listen()
  return {
    port,
    address: `localhost:${port}`,
    connectionString: `kurrentdb://localhost:${port}?tls=false`,
    faults,
    log,
    drop,
    stop: async () => {
      server.forceShutdown()
      await runtime.dispose()
    },
  }
}
