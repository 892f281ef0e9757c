/** The fields of Docker's answers that are read. */

/** A container's endpoint on a network. */
export interface EndpointInfo {
  /** Empty while the container is down. */
  readonly IPAddress: string
  /** Differs after each start; empty while the container is down. */
  readonly EndpointID?: string
  /** The requested address; null where Docker assigns one. */
  readonly IPAMConfig?: { readonly IPv4Address?: string } | null
}

/** An entry of the list of containers. */
export interface ContainerInfo {
  readonly Id: string
  /** With a slash before each. */
  readonly Names: readonly string[]
  readonly Labels: Readonly<Record<string, string>>
  readonly Ports: readonly { readonly IP?: string; readonly PrivatePort: number; readonly PublicPort?: number }[]
  readonly State: string
  /** Epoch seconds. */
  readonly Created: number
  /** By name. */
  readonly NetworkSettings?: { readonly Networks: Readonly<Record<string, EndpointInfo>> | null }
}

export interface ContainerInspectInfo {
  readonly Id: string
  /** With a slash before it. */
  readonly Name: string
  /** ISO 8601. */
  readonly Created: string
  readonly State: {
    readonly Status: string
    readonly Running: boolean
    /** ISO 8601. */
    readonly StartedAt: string
    /** Of the latest end; 0 while it runs. */
    readonly ExitCode: number
    readonly OOMKilled: boolean
  }
  readonly RestartCount: number
  /** Id of the image. */
  readonly Image: string
  readonly Config: { readonly Labels: Readonly<Record<string, string>> | null }
  readonly HostConfig: {
    readonly NetworkMode: string
    /** By port and protocol: "22/tcp". */
    readonly PortBindings: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[]>>
  }
  readonly NetworkSettings: {
    /** By port and protocol: "22/tcp". */
    readonly Ports: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>>
    /** By name. */
    readonly Networks: Readonly<Record<string, EndpointInfo>>
  }
}

/** An entry of the list of images. */
export interface ImageInfo {
  readonly Id: string
  /** Names with their tags; null or empty when it has none. */
  readonly RepoTags: readonly string[] | null
  /** Epoch seconds. */
  readonly Created: number
}

export interface NetworkInspectInfo {
  readonly Id: string
  readonly Driver: string
  readonly Labels: Readonly<Record<string, string>> | null
  readonly Options: Readonly<Record<string, string>> | null
  /** By id. */
  readonly Containers: Readonly<Record<string, { readonly IPv4Address: string }>> | null
}

/** An entry of the list of networks. */
export interface NetworkInfo {
  readonly Id: string
  readonly Labels: Readonly<Record<string, string>> | null
  readonly IPAM?: { readonly Config: readonly { readonly Subnet?: string }[] | null }
}

export interface ExecInspectInfo {
  readonly Running: boolean
  readonly ExitCode: number | null
}
