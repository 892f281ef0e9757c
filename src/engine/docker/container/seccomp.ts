/**
 * The system calls that containers may make, equal on every version of the engine: Docker's own profiles differ (20.10
 * allows AF_VSOCK, AF_ALG and io_uring, which later versions refuse). A call that is not listed fails with EPERM.
 *
 * Three kinds of calls are refused: those that act on the machine or on other containers (mount, bpf, kexec_load,
 * keyrings, clocks, modules), those that expose much of the kernel and that few programs need (io_uring, userfaultfd,
 * perf_event_open), and obsolete ones. The names are those of x86-64, i386, arm64 and arm in Linux 6.1, and harmless
 * ones of later versions. runc ignores names that its libseccomp does not know.
 */
const ALLOWED = `
  _llseek _newselect accept accept4 access adjtimex alarm arch_prctl arm_fadvise64_64 arm_sync_file_range bind
  breakpoint brk cacheflush cachestat capget capset chdir chmod chown chown32 chroot clock_adjtime clock_adjtime64
  clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64 close
  close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_pwait
  epoll_pwait2 epoll_wait eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64
  fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr
  flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64
  futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu
  getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer
  getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32
  getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr getxattrat
  inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents
  io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set ipc kill landlock_add_rule
  landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount listxattr
  listxattrat llistxattr lremovexattr lseek lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create
  memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 modify_ldt mprotect mq_getsetattr
  mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal
  msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat open openat
  openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64
  prctl pread64 preadv preadv2 prlimit64 process_mrelease process_vm_readv process_vm_writev pselect6 pselect6_time64
  ptrace pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recvfrom recvmmsg recvmmsg_time64 recvmsg
  remap_file_pages removexattr removexattrat rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction
  rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64
  rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
  sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
  sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 sendfile sendfile64
  sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address set_tls setfsgid setfsgid32 setfsuid
  setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid
  setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr
  setxattrat shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask sigreturn splice
  stat stat64 statfs statfs64 statmount statx symlink symlinkat sync sync_file_range sync_file_range2 syncfs sysinfo
  tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime
  timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill
  truncate truncate64 ugetrlimit umask uname unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes vfork
  vmsplice wait4 waitid waitpid write writev
`

/** CLONE_NEW*: in namespaces of its own, a process reaches more of the kernel. */
const NAMESPACES = 0x7e020000
const ENOSYS = 38
const AF_UNIX = 1

/**
 * AF_UNIX, AF_INET, AF_INET6, AF_NETLINK (iproute2 and the C library read addresses with it), AF_PACKET (which needs a
 * capability that containers lack: programs expect that error). AF_VSOCK would reach the hypervisor past all network
 * namespaces and firewalls. This is a list of allowed families because the kernel reads 32 bits of the argument, and
 * seccomp 64.
 */
const SOCKET_FAMILIES = [AF_UNIX, 2, 10, 16, 17]

/** Linux, Linux on 32 bits, each also with the kernel version shown as 2.6; and the query that changes nothing. */
const PERSONALITIES = [0, 0x8, 0x20000, 0x20008, 0xffffffff]

interface Rule {
  readonly names: readonly string[]
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO'
  readonly errnoRet?: number
  readonly args?: readonly [Condition]
}

interface Condition {
  readonly index: 0
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_MASKED_EQ'
  readonly value: number
  readonly valueTwo?: number
}

const RULES: readonly Rule[] = [
  { names: ALLOWED.trim().split(/\s+/), action: 'SCMP_ACT_ALLOW' },
  // seccomp cannot read the arguments of socketcall, by which 32-bit programs of glibc make sockets. Without a rule of
  // its own, libseccomp derives rules for it from those of socket, without their conditions.
  { names: ['socketcall'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
  allow('socketpair', { index: 0, op: 'SCMP_CMP_EQ', value: AF_UNIX }),
  ...SOCKET_FAMILIES.map((family) => allow('socket', { index: 0, op: 'SCMP_CMP_EQ', value: family })),
  ...PERSONALITIES.map((persona) => allow('personality', { index: 0, op: 'SCMP_CMP_EQ', value: persona })),
  allow('clone', { index: 0, op: 'SCMP_CMP_MASKED_EQ', value: NAMESPACES, valueTwo: 0 }),
  // seccomp cannot read its flags. C libraries fall back to clone when the kernel does not know clone3.
  { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
]

/** The profile as text, which is how Docker's API takes it. */
export const SECCOMP_PROFILE = JSON.stringify({
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 1,
  // x32 is left out: few kernels have it, and no distribution's programs use it.
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
  ],
  syscalls: RULES,
})

function allow(name: string, condition: Condition): Rule {
  return { names: [name], action: 'SCMP_ACT_ALLOW', args: [condition] }
}
