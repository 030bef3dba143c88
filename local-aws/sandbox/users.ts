/** The users a function sees, by file of /etc; `os.userInfo()` fails for one that is not there. */
export const userFiles = {
  passwd: 'root:x:0:0::/root:/bin/sh\nsbx_user1051:x:993:990::/home/sbx_user1051:/bin/sh\n',
  group: 'root:x:0:\nsbx_user1051:x:990:\n',
} as const;
