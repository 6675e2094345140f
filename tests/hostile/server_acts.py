ACTS = {"nothing": lambda id: [{"jsonrpc":"2.0","id":id,"result":{"content":[]}}]}
