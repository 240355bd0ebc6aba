### zh-CN
