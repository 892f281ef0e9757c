/** First part of each query key. The live stream marks lists as changed by this name. */
export type ListName =
  | 'pools'
  | 'containers'
  | 'reservations'
  | 'events'
  | 'tokens'
  | 'sessions'
  | 'terminals'
  | 'usage'
