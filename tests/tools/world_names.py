"""world_names.py - the names of the test's own internet. A name that is not here does not exist."""
WWW, SHELL, DNS, EVIL, SECOND = ('93.184.216.10', '93.184.216.20', '93.184.216.53', '93.184.216.66', '93.184.216.67')
NAMES = {
    'www.test': [WWW], 'registry.test': [WWW], 'git.test': [WWW], 'ssh.test': [SHELL], 'db.test': [SHELL],
    'evil.test': [EVIL], 'second.test': [SECOND], 'api.test': [EVIL],
    'six.test': ['2606:2800:220:1::10'],
    # Names that lead where nobody may be led.
    'loop.test': ['127.0.0.1'], 'loop6.test': ['::1'], 'private.test': ['10.9.8.7'], 'private6.test': ['fd00:9::7'],
    'meta.test': ['169.254.169.254'], 'meta6.test': ['fd00:ec2::254'], 'azure.test': ['168.63.129.16'],
    'carrier.test': ['100.64.0.9'], 'documents.test': ['198.51.100.9'], 'mapped.test': ['::ffff:10.9.8.7'],
    'nat64.test': ['64:ff9b::a09:807'], 'zero.test': ['0.0.0.0'], 'both.test': [EVIL, '10.9.8.7'],
    '10.9.8.7.nip.test': ['10.9.8.7'],
    'dead.test': ['93.184.216.99'],
}
# A public address the first time, and another one from then on.
REBINDS = {'rebind.test': [[EVIL], ['10.9.8.7']], 'rebind-loop.test': [[EVIL], ['127.0.0.1']]}
