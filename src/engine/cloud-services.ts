/**
 * Addresses at which clouds serve metadata to their machines: credentials, user data, commands for agents. All are
 * refused for `reach: internet`, on every cloud, because none is an address of the internet. Port 53 stays open,
 * because some are also the machine's name server.
 */
export interface CloudService {
  /** Address or block, as nftables reads it. */
  readonly addresses: string
  /** Clouds that serve metadata there. */
  readonly servedBy: string
}

export const CLOUD_SERVICES_IPV4: readonly CloudService[] = [
  {
    addresses: '169.254.0.0/16',
    servedBy:
      'link-local: 169.254.169.254 of AWS, Azure, Google, Oracle, IBM, DigitalOcean, Hetzner, Vultr, Linode, Huawei, OpenStack; ' +
      '169.254.170.2 and .23 of AWS ECS and EKS, 169.254.0.23 of Tencent, 169.254.42.42 of Scaleway',
  },
  { addresses: '168.63.129.16', servedBy: 'Azure WireServer and name server' },
  { addresses: '100.100.100.200', servedBy: 'Alibaba Cloud' },
  { addresses: '100.96.0.96', servedBy: 'Volcengine' },
  { addresses: '192.0.0.192', servedBy: 'Oracle Cloud (classic)' },
]

export const CLOUD_SERVICES_IPV6: readonly CloudService[] = [
  { addresses: 'fe80::/10', servedBy: 'link-local: fe80::a9fe:a9fe of OpenStack and Hetzner' },
  { addresses: 'fd00:ec2::/32', servedBy: 'AWS: fd00:ec2::254, EKS fd00:ec2::23, name server fd00:ec2::253' },
  { addresses: 'fd20:ce::254', servedBy: 'Google' },
  { addresses: 'fd00:c1::a9fe:a9fe', servedBy: 'Oracle' },
  { addresses: 'fd00:42::42', servedBy: 'Scaleway' },
  { addresses: 'fd00:a9fe:a9fe::1', servedBy: 'Linode' },
  { addresses: 'fd00:100::100:200', servedBy: 'Alibaba Cloud' },
]
